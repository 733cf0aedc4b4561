//! A ceiling: Diesel without HTTP.

use std::process::ExitCode;

use contract::Identity;
use layer_diesel::Diesel;

fn main() -> ExitCode {
    let identity = Identity {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        packages: &["diesel"],
    };
    contract::main(identity, framework_alone::run::<Diesel>)
}
