//! axum over Diesel on MySQL.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["axum", "diesel"];
    contract::main(identity, framework_axum::run::<layer_diesel::DieselMysql>)
}
