//! axum over mysql_async once more. `build.rs` makes the linker lay its functions out in another order.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["axum", "mysql_async"];
    contract::main(identity, framework_axum::run::<layer_mysql_async::MysqlAsync>)
}
