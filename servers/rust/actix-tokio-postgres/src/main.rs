//! actix-web over tokio-postgres.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["actix-web", "tokio-postgres"];
    contract::main(identity, framework_actix::run::<layer_tokio_postgres::TokioPostgres>)
}
