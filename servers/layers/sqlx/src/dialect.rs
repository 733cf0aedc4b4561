use contract::Family;
use sqlx::{
    ConnectOptions, Connection, MySql, Postgres,
    mysql::{MySqlConnectOptions, MySqlSslMode},
    postgres::{PgConnectOptions, PgSslMode},
};

/// The options of connections to a database.
pub(crate) type Options<D> = <<D as sqlx::Database>::Connection as Connection>::Options;

/// A statement as each database wants it, which differ in how a parameter is written.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// With `?`.
    pub mysql: &'static str,
    /// With `$1`.
    pub postgres: &'static str,
}

/// A database that sqlx speaks.
pub trait Dialect: sqlx::Database {
    /// The database's family.
    const FAMILY: Family;

    /// The options that a URL stands for, with those that the contract asks for.
    fn options(url: &str) -> Result<Options<Self>, sqlx::Error>;

    /// The statement as this database wants it.
    fn of(sql: Sql) -> &'static str;
}

impl Dialect for MySql {
    const FAMILY: Family = Family::Mysql;

    fn options(url: &str) -> Result<MySqlConnectOptions, sqlx::Error> {
        let options = url.parse::<MySqlConnectOptions>()?;
        Ok(options.ssl_mode(MySqlSslMode::Disabled).disable_statement_logging())
    }

    fn of(sql: Sql) -> &'static str {
        sql.mysql
    }
}

impl Dialect for Postgres {
    const FAMILY: Family = Family::Postgres;

    fn options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
        let options = url.parse::<PgConnectOptions>()?;
        Ok(options.ssl_mode(PgSslMode::Disable).disable_statement_logging())
    }

    fn of(sql: Sql) -> &'static str {
        sql.postgres
    }
}
