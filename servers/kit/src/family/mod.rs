//! The families of databases that servers query. A family is one file here, with a [`Family`], a [`Client`] and a
//! [`Reader`], and one entry in [`FAMILIES`].

mod mysql;
mod postgres;

use std::pin::Pin;

use anyhow::Result;
use url::Url;

use crate::packets::Reader;

/// Every family.
pub(crate) static FAMILIES: [&dyn Family; 2] = [&mysql::Mysql, &postgres::Postgres];

/// Databases that speak one protocol.
pub(crate) trait Family: Sync {
    /// The family's word in the registry, and the scheme of its URLs.
    fn name(&self) -> &'static str;

    /// The variable that names the kit a database of this family. A server has the URL as `DATABASE_URL`.
    fn variable(&self) -> &'static str;

    /// The port of a URL that names none.
    fn default_port(&self) -> u16;

    /// Connects to a database, with a session in UTC.
    fn connect<'a>(&self, url: &'a Url) -> Asked<'a, Box<dyn Client>>;

    /// The SQL for a time as text, as in `2024-08-20T01:00:00Z`.
    fn time(&self, column: &str) -> String;

    /// The SQL for the id that the session's last INSERT gave.
    fn inserted_id(&self) -> &'static str;

    /// A reader of what a client sends over a new connection.
    fn reader(&self) -> Box<dyn Reader>;

    /// Tries the reader itself: it sees the same commands in whatever pieces they come.
    fn check_reader(&self) -> Result<()>;
}

/// The family of that name.
pub(crate) fn named(name: &str) -> Option<&'static dyn Family> {
    FAMILIES.into_iter().find(|family| family.name() == name)
}

/// An answer that a database is asked for.
pub(crate) type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Rows, each column as text.
pub(crate) type Rows = Vec<Vec<String>>;

/// A parameter of a statement.
#[derive(Clone, Debug)]
pub(crate) enum Parameter {
    Number(i64),
    Text(String),
}

/// A connection of the kit itself, or of its fixture. Statements are written for all families: `?` is a parameter, and
/// every column is a text.
pub(crate) trait Client: Send {
    /// Executes a statement, which is prepared when the connection executes it first.
    fn execute<'a>(
        &'a mut self,
        statement: &'a str,
        parameters: &'a [Parameter],
    ) -> Asked<'a, Rows>;

    /// Sends a statement without parameters as text.
    fn text<'a>(&'a mut self, statement: &'a str) -> Asked<'a, Rows>;

    /// Asks whether the database is there.
    fn ping(&mut self) -> Asked<'_, ()>;

    /// Resets the session's settings.
    fn reset(&mut self) -> Asked<'_, ()>;
}
