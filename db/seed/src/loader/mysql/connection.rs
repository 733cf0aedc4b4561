//! Connections of the loader: in UTC, to a schema that exists, with a lock.

use std::time::Duration;

use mysql_async::{
    Conn, Error, Opts, OptsBuilder,
    prelude::{FromRow, Queryable},
};

use super::error::{Failure, UNKNOWN_SCHEMA, bad_url, explain, server_code};
use super::{Dialect, URL_FORM};
use crate::Checksum;
use crate::loader::{CONNECT_TIMEOUT, LOCK_TIMEOUT, LoadError, Progress, State, Step, Table, Way};

/// A connection to one schema, whose database session is in UTC.
#[derive(Debug)]
pub struct Connection(Conn);

impl Connection {
    /// Connects to the schema that `url` names.
    ///
    /// # Errors
    /// Each says in one sentence what is wrong and what to do.
    pub async fn open(url: &str) -> Result<Connection, LoadError> {
        let opts = options(url)?;
        let conn = open(opts.clone()).await.map_err(|error| explain(error, &opts))?;
        Ok(Connection(conn))
    }

    /// Connects to the schema that `url` names, and makes it first if it is missing and the user may.
    ///
    /// # Errors
    /// Each says in one sentence what is wrong and what to do.
    pub async fn open_making_schema(url: &str) -> Result<Connection, LoadError> {
        Ok(Connection(open_making_schema(url).await?))
    }

    /// Compares the table in the schema with the one of `expected`.
    ///
    /// # Errors
    /// When the server refuses a statement, or the connection breaks.
    pub async fn state(&mut self, expected: Checksum) -> Result<State, LoadError> {
        let state = super::state(&mut self.0, expected).await;
        state.map_err(|error| explain(error, self.0.opts()))
    }

    /// Drops the table, creates it again and fills it.
    ///
    /// # Errors
    /// When the server refuses a statement, or the connection breaks.
    pub async fn reload(&mut self, table: Table, progress: &Progress) -> Result<Way, LoadError> {
        let way = super::reload(&mut self.0, table, progress).await;
        way.map_err(|error| explain(error, self.0.opts()))
    }

    /// The dialect of the server.
    ///
    /// # Errors
    /// When the server refuses a statement, or the connection breaks.
    pub async fn dialect(&mut self) -> Result<Dialect, LoadError> {
        let dialect = Dialect::of(&mut self.0).await;
        dialect.map_err(|error| explain(error, self.0.opts()))
    }

    /// The rows that `statement` returns; a row must have the columns of `T`.
    ///
    /// # Errors
    /// When the server refuses the statement, or the connection breaks.
    pub async fn rows<T>(&mut self, statement: &str) -> Result<Vec<T>, LoadError>
    where
        T: FromRow + Send + 'static,
    {
        let rows = self.0.query(statement).await;
        rows.map_err(|error| explain(error, self.0.opts()))
    }
}

async fn open(opts: Opts) -> Result<Conn, Failure> {
    match tokio::time::timeout(CONNECT_TIMEOUT, Conn::new(opts)).await {
        Ok(Err(Error::Io(error))) => Err(Failure::Unreachable(error.to_string())),
        Ok(attempt) => Ok(attempt?),
        Err(_) => Err(Failure::Unreachable(format!("no answer in {CONNECT_TIMEOUT:?}"))),
    }
}

/// Connects to the schema that `url` names, and makes it first if it is missing and the user may.
pub(super) async fn open_making_schema(url: &str) -> Result<Conn, LoadError> {
    let opts = options(url)?;
    let attempt = async {
        match open(opts.clone()).await {
            Err(Failure::Driver(error)) if server_code(&error) == Some(UNKNOWN_SCHEMA) => {
                create_schema(&opts).await?;
                open(opts.clone()).await
            }
            attempt => attempt,
        }
    };
    attempt.await.map_err(|error| explain(error, &opts))
}

async fn create_schema(opts: &Opts) -> Result<(), Failure> {
    let schema = opts.db_name().expect("options() saw that there is one");
    let without_schema = OptsBuilder::from_opts(opts.clone()).db_name(None::<String>);
    let mut conn = open(without_schema.into()).await?;
    // An identifier cannot be a parameter; doubling its quotes is how SQL escapes one.
    let quoted = schema.replace('`', "``");
    conn.query_drop(format!("CREATE DATABASE IF NOT EXISTS `{quoted}`")).await?;
    Ok(conn.disconnect().await?)
}

fn options(url: &str) -> Result<Opts, LoadError> {
    let opts = Opts::from_url(url).map_err(|error| bad_url(&error))?;
    if opts.db_name().is_none_or(str::is_empty) {
        return Err(LoadError::NoSchema { form: URL_FORM });
    }
    Ok(OptsBuilder::from_opts(opts)
        // The driver would ask for the socket with two statements at each connect.
        .prefer_socket(false)
        .setup(vec!["SET time_zone = '+00:00'"])
        .into())
}

/// Waits until no other process seeds this schema, and keeps others out until the connection closes.
pub(super) async fn lock(conn: &mut Conn, progress: &Progress) -> Result<(), Failure> {
    for timeout in [Duration::ZERO, LOCK_TIMEOUT] {
        if timeout > Duration::ZERO {
            progress(Step::Waiting);
        }
        // Names of locks are shared by a server's schemas and at most 64 characters long.
        let got: Option<bool> = conn
            .exec_first(
                "SELECT GET_LOCK(CONCAT('stackmark.seed.', LEFT(SHA2(DATABASE(), 256), 32)), ?)",
                (timeout.as_secs(),),
            )
            .await?
            .flatten();
        if got == Some(true) {
            return Ok(());
        }
    }
    Err(Failure::Busy(LOCK_TIMEOUT))
}
