//! A SQL database that servers query: seeding it, and what it says of itself. Which process it is, and who starts and
//! stops it, is the concern of `service`.
//!
//! A family of databases is one file here, with a [`Family`] and a [`Session`], and one line in [`FAMILIES`]. Nothing
//! here may be called inside an async runtime: a session has its own.

mod bar;
pub mod counters;
mod error;
mod mysql;
mod postgres;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use demo_data::loader::{LoadError, Progress, SeedReport, State};
use tokio::runtime::{Builder, Runtime};

pub use bar::bar;
pub use counters::{Counter, Counters};
pub use error::DatabaseError;

use crate::os::stop::{Interrupted, Stop};
use crate::os::url::SecretUrl;

/// The time that a server may take to answer a question about itself.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Databases that speak one protocol and are seeded, asked and counted alike.
pub trait Family: Sync {
    /// The family's word in the registry, and the scheme of its URLs.
    fn name(&self) -> &'static str;

    /// The name of the product that calls its version `version`.
    fn product(&self, version: &str) -> &'static str;

    /// The port of a URL that names none.
    fn default_port(&self) -> u16;

    /// The form of the family's URLs, for people.
    fn url_form(&self) -> &'static str;

    /// Connects to the schema that `url` names.
    ///
    /// # Errors
    /// Each says in one sentence what is wrong and what to do.
    fn connect(&self, url: &SecretUrl) -> Result<Box<dyn Session>, DatabaseError>;

    /// Connects to the schema that `url` names, and makes it first if it is missing and the user may.
    ///
    /// # Errors
    /// Each says in one sentence what is wrong and what to do.
    fn connect_making_schema(&self, url: &SecretUrl) -> Result<Box<dyn Session>, DatabaseError>;

    /// Proves that the table is the published one, and seeds it first if it is not. A table that was being filled when
    /// `stop` was set lacks its index, so the next call never takes it for a whole one.
    ///
    /// # Errors
    /// The interruption; any other says in one sentence what is wrong and what to do.
    fn seed(
        &self,
        url: &SecretUrl,
        progress: &Progress,
        stop: &Stop,
    ) -> Result<SeedReport, DatabaseError>;
}

/// A connection over which the harness asks a database about itself.
pub trait Session: Send {
    /// Compares the table with the published one, and changes nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    fn state(&mut self) -> Result<State, DatabaseError>;

    /// The version as the server names it, e.g. `10.11.19-MariaDB`.
    ///
    /// # Errors
    /// When the database does not answer.
    fn version(&mut self) -> Result<String, DatabaseError>;

    /// The settings that bear on a lookup's cost, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    fn settings(&mut self) -> Result<BTreeMap<String, String>, DatabaseError>;

    /// The server's counters since its start, over all connections, including this reading.
    ///
    /// # Errors
    /// When the database does not answer.
    fn counters(&mut self) -> Result<Counters, DatabaseError>;

    /// Removes the rows beyond those of the published table.
    ///
    /// # Errors
    /// When the database does not answer, or refuses.
    fn remove_insertions(&mut self) -> Result<(), DatabaseError>;
}

/// The statement that removes the rows beyond those of the published table, in every family.
fn remove_insertions_sql() -> String {
    format!("DELETE FROM demo_data WHERE id > {}", demo_data::ROWS)
}

/// Every family.
pub static FAMILIES: [&dyn Family; 2] = [&mysql::Mysql, &postgres::Postgres];

/// The family of that name.
#[must_use]
pub fn family(name: &str) -> Option<&'static dyn Family> {
    FAMILIES.into_iter().find(|family| family.name() == name)
}

/// A database at a URL, with one connection that is kept between questions.
pub struct Database {
    family: &'static dyn Family,
    url: SecretUrl,
    session: Mutex<Option<Box<dyn Session>>>,
}

impl Database {
    /// The database at `url`; the connection is made at the first question.
    #[must_use]
    pub fn new(family: &'static dyn Family, url: SecretUrl) -> Database {
        Database { family, url, session: Mutex::new(None) }
    }

    /// Connects to the database at `url`, and makes its schema if it is missing and the user may.
    ///
    /// # Errors
    /// Each says in one sentence what is wrong and what to do.
    pub fn connect(family: &'static dyn Family, url: SecretUrl) -> Result<Database, DatabaseError> {
        let session = family.connect_making_schema(&url)?;
        Ok(Database { family, url, session: Mutex::new(Some(session)) })
    }

    /// The database's family.
    #[must_use]
    pub fn family(&self) -> &'static dyn Family {
        self.family
    }

    /// The database's address.
    ///
    /// # Errors
    /// When the host of its URL has none.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.url.address(self.family.default_port())
    }

    /// The version as the server names it, e.g. `10.11.19-MariaDB`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn version(&self) -> Result<String, DatabaseError> {
        self.ask(|session| session.version())
    }

    /// The settings that bear on a lookup's cost, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn settings(&self) -> Result<BTreeMap<String, String>, DatabaseError> {
        self.ask(|session| session.settings())
    }

    /// The server's counters since its start, over all connections, including this reading.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn counters(&self) -> Result<Counters, DatabaseError> {
        self.ask(|session| session.counters())
    }

    /// Removes the rows beyond those of the published table.
    ///
    /// # Errors
    /// When the database does not answer, or refuses.
    pub fn remove_insertions(&self) -> Result<(), DatabaseError> {
        self.ask(|session| session.remove_insertions())
    }

    /// Proves that the table is the published one, and seeds it first if it is not.
    ///
    /// # Errors
    /// The interruption; any other says in one sentence what is wrong and what to do.
    pub fn ensure_seeded(
        &self,
        progress: &Progress,
        stop: &Stop,
    ) -> Result<SeedReport, DatabaseError> {
        self.family.seed(&self.url, progress, stop)
    }

    /// Closes the kept connection; the next question makes another.
    pub fn disconnect(&self) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Runs `question` over the kept connection, or over a new one if that has broken.
    fn ask<T>(
        &self,
        question: impl Fn(&mut dyn Session) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let mut kept = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = kept.as_mut()
            && let Ok(answer) = question(session.as_mut())
        {
            return Ok(answer);
        }
        let session = kept.insert(self.family.connect(&self.url)?);
        question(session.as_mut())
    }
}

/// An event loop that waits for one thing at a time.
fn runtime() -> Result<Runtime, DatabaseError> {
    Builder::new_current_thread().enable_all().build().map_err(DatabaseError::Runtime)
}

/// The answer to a question, if it comes in time.
fn answered<T>(
    runtime: &Runtime,
    answer: impl Future<Output = Result<T, LoadError>>,
) -> Result<T, DatabaseError> {
    let answer = async { tokio::time::timeout(ANSWER_TIMEOUT, answer).await };
    match runtime.block_on(answer) {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(DatabaseError::Silent(ANSWER_TIMEOUT)),
    }
}

/// Seeds until that is done, or until `stop` is set.
fn until_stopped(
    stop: &Stop,
    seeding: impl Future<Output = Result<SeedReport, LoadError>>,
) -> Result<SeedReport, DatabaseError> {
    let runtime = runtime()?;
    let stopped = async {
        while !stop.is_set() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let report = runtime.block_on(async {
        tokio::select! {
            report = seeding => Ok(report?),
            () = stopped => Err(Interrupted.into()),
        }
    });
    // Rows may still be drawn on another thread; there is no need to wait for them.
    runtime.shutdown_background();
    report
}
