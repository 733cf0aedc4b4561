//! A ceiling: SeaORM on MySQL without HTTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["sea-orm", "sqlx"];
    contract::main(identity, framework_alone::run::<layer_sea_orm::SeaOrmMysql>)
}
