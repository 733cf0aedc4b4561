//! actix-web over libpq.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["actix-web", "diesel"];
    contract::main(identity, framework_actix::run::<layer_diesel_raw::Libpq>)
}
