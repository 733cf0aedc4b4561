//! A ceiling: SeaORM on PostgreSQL without HTTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["sea-orm", "sqlx"];
    contract::main(identity, framework_alone::run::<layer_sea_orm::SeaOrmPostgres>)
}
