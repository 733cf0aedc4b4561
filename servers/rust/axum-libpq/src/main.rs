//! axum over libpq.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["axum", "diesel"];
    contract::main(identity, framework_axum::run::<layer_diesel_raw::Libpq>)
}
