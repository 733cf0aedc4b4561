//! A ceiling: sqlx on PostgreSQL without HTTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["sqlx"];
    contract::main(identity, framework_alone::run::<layer_sqlx::SqlxPostgres>)
}
