//! warp over diesel-async and mysql_async.

// warp nests a type for each endpoint: more of them than the compiler follows unasked.
#![recursion_limit = "256"]

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["warp", "diesel-async", "diesel", "mysql_async"];
    contract::main(identity, framework_warp::run::<layer_diesel_async::DieselAsyncMysql>)
}
