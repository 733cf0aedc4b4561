//! actix-web over diesel-async and mysql_async.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["actix-web", "diesel-async", "diesel", "mysql_async"];
    contract::main(identity, framework_actix::run::<layer_diesel_async::DieselAsyncMysql>)
}
