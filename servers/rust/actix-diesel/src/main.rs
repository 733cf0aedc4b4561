//! actix-web over Diesel.

use std::process::ExitCode;

use contract::Identity;
use layer_diesel::Diesel;

fn main() -> ExitCode {
    let identity = Identity {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        packages: &["actix-web", "diesel"],
    };
    contract::main(identity, framework_actix::run::<Diesel>)
}
