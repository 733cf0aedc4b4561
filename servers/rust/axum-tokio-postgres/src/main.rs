//! axum over tokio-postgres.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["axum", "tokio-postgres"];
    contract::main(identity, framework_axum::run::<layer_tokio_postgres::TokioPostgres>)
}
