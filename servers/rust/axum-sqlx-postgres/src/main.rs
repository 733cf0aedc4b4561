//! axum over sqlx on PostgreSQL.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["axum", "sqlx"];
    contract::main(identity, framework_axum::run::<layer_sqlx::SqlxPostgres>)
}
