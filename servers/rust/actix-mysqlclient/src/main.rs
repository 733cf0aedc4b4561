//! actix-web over libmariadb.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["actix-web", "diesel"];
    contract::main(identity, framework_actix::run::<layer_diesel_raw::Mysqlclient>)
}
