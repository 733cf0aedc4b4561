//! axum over mysql_async.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["axum", "mysql_async"];
    contract::main(identity, framework_axum::run::<layer_mysql_async::MysqlAsync>)
}
