//! warp over mysql_async.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["warp", "mysql_async"];
    contract::main(identity, framework_warp::run::<layer_mysql_async::MysqlAsync>)
}
