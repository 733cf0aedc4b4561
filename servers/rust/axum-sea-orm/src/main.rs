//! axum over SeaORM.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["axum", "sea-orm"];
    contract::main(identity, framework_axum::run::<layer_sea_orm::SeaOrm>)
}
