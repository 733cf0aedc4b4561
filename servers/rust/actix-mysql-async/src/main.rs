//! actix-web over mysql_async.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["actix-web", "mysql_async"];
    contract::main(identity, framework_actix::run::<layer_mysql_async::MysqlAsync>)
}
