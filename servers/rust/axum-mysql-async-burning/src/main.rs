//! axum over mysql_async, except that each lookup first burns `BURN_NS` nanoseconds of CPU time, or `BURN_TURNS` turns of a
//! loop: a known difference, which the harness must find.

mod burning;

use std::process::ExitCode;

use layer_mysql_async::MysqlAsync;

use crate::burning::Burning;

fn main() -> ExitCode {
    let identity = contract::identity!["axum", "mysql_async"];
    contract::main(identity, framework_axum::run::<Burning<MysqlAsync>>)
}
