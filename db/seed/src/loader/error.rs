//! Errors of seeding, each with the sentence that says what to do.

use std::time::Duration;

use thiserror::Error as ThisError;

use crate::Checksum;

/// Why a database could not be seeded. Every message is one sentence that says what to do; none holds a password.
#[derive(Debug, ThisError)]
pub enum LoadError {
    /// The URL cannot be read.
    #[error("DATABASE_URL cannot be read ({reason}): write it as {form}")]
    BadUrl {
        /// The reason why it cannot be read.
        reason: String,
        /// The form of the family's URLs.
        form: &'static str,
    },
    /// The URL has no path.
    #[error("DATABASE_URL names no schema: end it with one, as in {form}")]
    NoSchema {
        /// The form of the family's URLs.
        form: &'static str,
    },
    /// The server cannot be reached.
    #[error("no database answers at {address} ({reason}): start it, or correct DATABASE_URL")]
    Unreachable {
        /// Host and port.
        address: String,
        /// The system's reason.
        reason: String,
    },
    /// The server refuses the login, or the user has no access to the schema.
    #[error(
        "the database at {address} refuses the login ({reason}): correct user and password in DATABASE_URL"
    )]
    Refused {
        /// Host and port.
        address: String,
        /// The server's reason.
        reason: String,
    },
    /// The user lacks a privilege.
    #[error("the database user may not do this ({reason}): {mend}")]
    NotPermitted {
        /// The server's reason.
        reason: String,
        /// What gives the user the privilege.
        mend: String,
    },
    /// The server takes no connection without TLS.
    #[error(
        "the database at {address} takes no such login without TLS ({reason}), which no server here speaks: \
         correct user and password in DATABASE_URL, or let this machine connect without TLS"
    )]
    DemandsTls {
        /// Host and port.
        address: String,
        /// The server's reason.
        reason: String,
    },
    /// The server is of another kind.
    #[error(
        "what answers at {address} is not {family} ({reason}): correct the scheme or the port of DATABASE_URL"
    )]
    OtherKind {
        /// Host and port.
        address: String,
        /// The product that was expected.
        family: &'static str,
        /// What showed it.
        reason: String,
    },
    /// The server lacks what the checksum needs.
    #[error("the database at {address} is {found}: use {least} or newer")]
    TooOld {
        /// Host and port.
        address: String,
        /// The product and version that answers.
        found: String,
        /// The oldest version that serves.
        least: &'static str,
    },
    /// The server cannot be written to.
    #[error(
        "the database at {address} takes no changes ({reason}): name the primary in DATABASE_URL, or seed it there first"
    )]
    ReadOnly {
        /// Host and port.
        address: String,
        /// The server's reason.
        reason: String,
    },
    /// The table is somebody else's.
    #[error(
        "{schema} holds a table {table} that stackmark did not make ({difference}), and leaves it alone: \
         name another database in DATABASE_URL, or drop the table yourself"
    )]
    NotOurs {
        /// The database or schema.
        schema: String,
        /// The table.
        table: &'static str,
        /// How it differs from the one that was to be there.
        difference: String,
    },
    /// The server has no room for the table.
    #[error("the database's disk is full ({reason}): free at least 1 GB and run this again")]
    DiskFull {
        /// The server's reason.
        reason: String,
    },
    /// Another process holds the lock.
    #[error(
        "another process has been seeding this schema for {0:?}: wait for it or end it, and run this again"
    )]
    Busy(Duration),
    /// The connection broke during a statement.
    #[error(
        "the connection to the database at {address} broke ({reason}): see its log for the cause and run this again"
    )]
    Lost {
        /// Host and port.
        address: String,
        /// The system's reason.
        reason: String,
    },
    /// The loaded rows are wrong.
    #[error(
        "the loaded table has the checksum {found} and not {expected}: the server changed the rows on their way in, \
         so look for a trigger, a proxy or another writer on it"
    )]
    Unproved {
        /// The right checksum.
        expected: Checksum,
        /// The checksum of the loaded table.
        found: Checksum,
    },
    /// The server refused something for another reason.
    #[error(
        "the database at {address} failed ({reason}): see its log for the cause and run this again"
    )]
    Server {
        /// Host and port.
        address: String,
        /// The reason that the server or the driver gives.
        reason: String,
    },
}
