//! A ceiling: diesel-async and mysql_async without HTTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["diesel-async", "diesel", "mysql_async"];
    contract::main(identity, framework_alone::run::<layer_diesel_async::DieselAsyncMysql>)
}
