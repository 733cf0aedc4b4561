//! A ceiling: mysql_async without HTTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["mysql_async"];
    contract::main(identity, framework_alone::run::<layer_mysql_async::MysqlAsync>)
}
