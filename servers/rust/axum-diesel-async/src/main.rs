//! axum over diesel-async and mysql_async.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["axum", "diesel-async", "diesel", "mysql_async"];
    contract::main(identity, framework_axum::run::<layer_diesel_async::DieselAsyncMysql>)
}
