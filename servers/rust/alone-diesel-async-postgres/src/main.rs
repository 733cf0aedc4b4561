//! A ceiling: diesel-async and tokio-postgres without HTTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["diesel-async", "diesel", "tokio-postgres"];
    contract::main(identity, framework_alone::run::<layer_diesel_async::DieselAsyncPostgres>)
}
