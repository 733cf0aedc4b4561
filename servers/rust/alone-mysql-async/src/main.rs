//! A ceiling: mysql_async without HTTP.

use std::process::ExitCode;

use contract::Identity;
use layer_mysql_async::MysqlAsync;

fn main() -> ExitCode {
    let identity = Identity {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        packages: &["mysql_async"],
    };
    contract::main(identity, framework_alone::run::<MysqlAsync>)
}
