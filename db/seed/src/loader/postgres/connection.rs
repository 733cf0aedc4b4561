//! Connections of the loader: in UTC, to a database that exists, with a lock.

use tokio::task::JoinHandle;
use tokio_postgres::{
    Client, Config, Error, NoTls, SimpleQueryMessage, config::Host, error::SqlState,
};

use super::URL_FORM;
use super::error::{Failure, explain};
use crate::Checksum;
use crate::loader::{CONNECT_TIMEOUT, LOCK_TIMEOUT, LoadError, Progress, State, Step, Table, Way};

/// The oldest version that serves, as the server writes it: earlier ones have no bit_xor.
const LEAST: (u32, &str) = (140_000, "PostgreSQL 14");

/// The key of the lock on seeding, which each database of a server has for itself.
const LOCK: i64 = i64::from_be_bytes(*b"stackmar");

/// A connection to one database, whose session is in UTC.
pub struct Connection {
    pub(super) client: Client,
    config: Config,
    driving: JoinHandle<()>,
}

impl Connection {
    /// Connects to the database that `url` names.
    ///
    /// # Errors
    /// Each says in one sentence what is wrong and what to do.
    pub async fn open(url: &str) -> Result<Connection, LoadError> {
        let config = config(url)?;
        open(&config).await.map_err(|error| explain(error, &config))
    }

    /// Connects to the database that `url` names, and makes it first if it is missing and the user may.
    ///
    /// # Errors
    /// Each says in one sentence what is wrong and what to do.
    pub async fn open_making_database(url: &str) -> Result<Connection, LoadError> {
        let config = config(url)?;
        let attempt = async {
            match open(&config).await {
                Err(Failure::Driver(error))
                    if error.code() == Some(&SqlState::INVALID_CATALOG_NAME) =>
                {
                    create_database(&config).await?;
                    open(&config).await
                }
                attempt => attempt,
            }
        };
        attempt.await.map_err(|error| explain(error, &config))
    }

    /// Compares the table in the database with the one of `expected`.
    ///
    /// # Errors
    /// When the server refuses a statement, or the connection breaks.
    pub async fn state(&mut self, expected: Checksum) -> Result<State, LoadError> {
        let state = super::state(&self.client, expected).await;
        state.map_err(|error| self.explain(error))
    }

    /// Drops the table, creates it again and fills it.
    ///
    /// # Errors
    /// When the server refuses a statement, or the connection breaks.
    pub async fn reload(&mut self, table: Table, progress: &Progress) -> Result<Way, LoadError> {
        match super::reload(&mut self.client, table, progress).await {
            Ok(()) => Ok(Way::BulkLoad),
            Err(error) => Err(self.explain(error)),
        }
    }

    /// The rows that `statement` returns, as text; it must have two columns.
    ///
    /// # Errors
    /// When the server refuses the statement, or the connection breaks.
    pub async fn pairs(&mut self, statement: &str) -> Result<Vec<(String, String)>, LoadError> {
        pairs(&self.client, statement).await.map_err(|error| self.explain(error))
    }

    /// Runs statements that return nothing.
    ///
    /// # Errors
    /// When the server refuses one, or the connection breaks.
    pub async fn execute(&mut self, statements: &str) -> Result<(), LoadError> {
        self.client.batch_execute(statements).await.map_err(|error| self.explain(error))
    }

    pub(super) fn explain(&self, error: impl Into<Failure>) -> LoadError {
        explain(error, &self.config)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Without its driver the socket closes, even where the client still waits for an answer.
        self.driving.abort();
    }
}

async fn open(config: &Config) -> Result<Connection, Failure> {
    let attempt = tokio::time::timeout(CONNECT_TIMEOUT, config.connect(NoTls)).await;
    let Ok(attempt) = attempt else {
        return Err(Failure::Unreachable(format!("no answer in {CONNECT_TIMEOUT:?}")));
    };
    let (client, connection) = attempt.map_err(Failure::connecting)?;
    // An error of the connection reaches the client, whose statement then fails with it.
    let driving = tokio::spawn(async move { drop(connection.await) });
    let connection = Connection { client, config: config.clone(), driving };
    let version = "SELECT current_setting('server_version_num'), current_setting('server_version')";
    let version = pairs(&connection.client, version).await?.pop().unwrap_or_default();
    if version.0.parse::<u32>().is_ok_and(|number| number < LEAST.0) {
        let found = format!("PostgreSQL {}", version.1);
        return Err(Failure::TooOld { found, least: LEAST.1 });
    }
    connection.client.batch_execute("SET TIME ZONE 'UTC'").await?;
    Ok(connection)
}

async fn create_database(config: &Config) -> Result<(), Failure> {
    let database = config.get_dbname().expect("config() saw that there is one");
    let mut maintenance = config.clone();
    maintenance.dbname("postgres");
    let connection = open(&maintenance).await?;
    // An identifier cannot be a parameter; doubling its quotes is how SQL escapes one.
    let quoted = database.replace('"', "\"\"");
    let create = format!(
        "CREATE DATABASE \"{quoted}\" ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    );
    match connection.client.batch_execute(&create).await {
        // Another process was faster.
        Err(error) if error.code() == Some(&SqlState::DUPLICATE_DATABASE) => Ok(()),
        created => Ok(created?),
    }
}

fn config(url: &str) -> Result<Config, LoadError> {
    let config = url.parse::<Config>();
    let mut config = config.map_err(|error| LoadError::BadUrl {
        // The parser's sentence is its source's; neither holds the URL.
        reason: std::error::Error::source(&error).unwrap_or(&error).to_string(),
        form: URL_FORM,
    })?;
    if config.get_dbname().is_none_or(str::is_empty) {
        return Err(LoadError::NoSchema { form: URL_FORM });
    }
    config.application_name("stackmark").connect_timeout(CONNECT_TIMEOUT);
    Ok(config)
}

/// Host and port, for people.
pub(super) fn address(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    format!("{host}:{}", config.get_ports().first().unwrap_or(&5432))
}

/// The rows of an answer with two columns, as text.
pub(super) async fn pairs(
    client: &Client,
    statement: &str,
) -> Result<Vec<(String, String)>, Error> {
    let messages = client.simple_query(statement).await?;
    let pair = |message| match message {
        SimpleQueryMessage::Row(row) => {
            let text = |column| row.get(column).unwrap_or_default().to_owned();
            Some((text(0), text(1)))
        }
        _ => None,
    };
    Ok(messages.into_iter().filter_map(pair).collect())
}

/// Waits until no other process seeds this database, and keeps others out until the connection closes.
pub(super) async fn lock(client: &Client, progress: &Progress) -> Result<(), Failure> {
    let tried = pairs(client, &format!("SELECT '', pg_try_advisory_lock({LOCK})")).await?;
    if tried.iter().any(|(_, locked)| locked == "t") {
        return Ok(());
    }
    progress(Step::Waiting);
    let limit = LOCK_TIMEOUT.as_millis();
    let wait =
        format!("SET lock_timeout = {limit}; SELECT pg_advisory_lock({LOCK}); RESET lock_timeout");
    match client.batch_execute(&wait).await {
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            Err(Failure::Busy(LOCK_TIMEOUT))
        }
        waited => Ok(waited?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_database_and_its_password_is_in_no_message() {
        let ok = config("postgres://me:s3cret@127.0.0.1:5433/bench").unwrap();
        assert_eq!(address(&ok), "127.0.0.1:5433");
        assert_eq!(ok.get_dbname(), Some("bench"));
        for bad in ["postgres://me:s3cret@127.0.0.1", "postgres://me:s3cret@h:x/bench"] {
            let error = config(bad).unwrap_err().to_string();
            assert!(error.contains(URL_FORM) && !error.contains("s3cret"), "{error}");
        }
    }
}
