//! A ceiling: tokio-postgres without HTTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["tokio-postgres"];
    contract::main(identity, framework_alone::run::<layer_tokio_postgres::TokioPostgres>)
}
