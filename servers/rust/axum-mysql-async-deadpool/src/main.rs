//! The control: axum over mysql_async in the pool that the layer diesel-async has, which cannot have the driver's own. The two
//! differ by Diesel alone.

use std::process::ExitCode;

use layer_mysql_async::{Deadpool, MysqlAsync};

fn main() -> ExitCode {
    let identity = contract::identity!["axum", "mysql_async", "deadpool"];
    contract::main(identity, framework_axum::run::<MysqlAsync<Deadpool>>)
}
