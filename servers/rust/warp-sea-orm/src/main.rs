//! warp over SeaORM.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["warp", "sea-orm"];
    contract::main(identity, framework_warp::run::<layer_sea_orm::SeaOrm>)
}
