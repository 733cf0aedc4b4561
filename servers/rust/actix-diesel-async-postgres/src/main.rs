//! actix-web over diesel-async and tokio-postgres.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["actix-web", "diesel-async", "diesel", "tokio-postgres"];
    contract::main(identity, framework_actix::run::<layer_diesel_async::DieselAsyncPostgres>)
}
