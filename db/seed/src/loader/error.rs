//! What can go wrong while seeding, each with the sentence that says what to do.

use std::time::Duration;

use thiserror::Error as ThisError;

use crate::Checksum;

/// Why a database could not be seeded. Every message is one sentence that says what to do; none holds a password.
#[derive(Debug, ThisError)]
pub enum LoadError {
    /// The URL cannot be read.
    #[error("DATABASE_URL cannot be read ({reason}): write it as {form}")]
    BadUrl {
        /// What is wrong.
        reason: String,
        /// How the family's URLs are written.
        form: &'static str,
    },
    /// The URL has no path.
    #[error("DATABASE_URL names no schema: end it with one, as in {form}")]
    NoSchema {
        /// How the family's URLs are written.
        form: &'static str,
    },
    /// Nothing answers.
    #[error("no database answers at {address} ({reason}): start it, or correct DATABASE_URL")]
    Unreachable {
        /// Host and port.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// The server knows no such user, or not with this password, or has no such schema for it.
    #[error(
        "the database at {address} refuses the login ({reason}): correct user and password in DATABASE_URL"
    )]
    Refused {
        /// Host and port.
        address: String,
        /// What the server says.
        reason: String,
    },
    /// The user lacks a right.
    #[error(
        "the database user may not do this ({reason}): \
         GRANT SELECT, INSERT, CREATE, DROP, ALTER, INDEX ON `{schema}`.* to it"
    )]
    NotPermitted {
        /// The schema it needs the rights on.
        schema: String,
        /// What the server says.
        reason: String,
    },
    /// The server has no room for the table.
    #[error("the database's disk is full ({reason}): free at least 1 GB and run this again")]
    DiskFull {
        /// What the server says.
        reason: String,
    },
    /// Another process holds the lock.
    #[error(
        "another process has been seeding this schema for {0:?}: wait for it or end it, and run this again"
    )]
    Busy(Duration),
    /// The connection broke in the midst.
    #[error(
        "the connection to the database at {address} broke ({reason}): see its log for the cause and run this again"
    )]
    Lost {
        /// Host and port.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// The rows arrived wrong.
    #[error(
        "the loaded table has the checksum {found} and not {expected}: the server changed the rows on their way in, \
         so look for a trigger, a proxy or another writer on it"
    )]
    Unproved {
        /// What it must be.
        expected: Checksum,
        /// What it is.
        found: Checksum,
    },
    /// Any other refusal of the server.
    #[error(
        "the database at {address} failed ({reason}): see its log for the cause and run this again"
    )]
    Server {
        /// Host and port.
        address: String,
        /// What the server or the driver says.
        reason: String,
    },
}
