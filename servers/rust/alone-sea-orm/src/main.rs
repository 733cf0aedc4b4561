//! A ceiling: SeaORM without HTTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["sea-orm"];
    contract::main(identity, framework_alone::run::<layer_sea_orm::SeaOrm>)
}
