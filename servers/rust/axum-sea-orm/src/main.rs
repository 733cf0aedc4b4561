//! axum over SeaORM on MySQL.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["axum", "sea-orm", "sqlx"];
    contract::main(identity, framework_axum::run::<layer_sea_orm::SeaOrmMysql>)
}
