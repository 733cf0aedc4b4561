//! axum over diesel-async and tokio-postgres.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["axum", "diesel-async", "diesel", "tokio-postgres"];
    contract::main(identity, framework_axum::run::<layer_diesel_async::DieselAsyncPostgres>)
}
