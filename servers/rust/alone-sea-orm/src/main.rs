//! A ceiling: SeaORM without HTTP.

use std::process::ExitCode;

use contract::Identity;
use layer_sea_orm::SeaOrm;

fn main() -> ExitCode {
    let identity = Identity {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        packages: &["sea-orm"],
    };
    contract::main(identity, framework_alone::run::<SeaOrm>)
}
