//! actix-web over sqlx on MySQL.

use std::process::ExitCode;

fn main() -> ExitCode {
    let identity = contract::identity!["actix-web", "sqlx"];
    contract::main(identity, framework_actix::run::<layer_sqlx::SqlxMysql>)
}
