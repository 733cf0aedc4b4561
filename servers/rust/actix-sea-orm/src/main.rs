//! actix-web over SeaORM.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["actix-web", "sea-orm"];
    contract::main(identity, framework_actix::run::<layer_sea_orm::SeaOrm>)
}
