//! actix-web over SeaORM on PostgreSQL.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["actix-web", "sea-orm", "sqlx"];
    contract::main(identity, framework_actix::run::<layer_sea_orm::SeaOrmPostgres>)
}
