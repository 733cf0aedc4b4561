//! Error codes of PostgreSQL, and their meaning.

use std::error::Error as _;
use std::time::Duration;

use tokio_postgres::{Config, Error, error::SqlState};

use super::connection::address;
use crate::Checksum;
use crate::loader::LoadError;

/// A failure whose server is not known yet.
pub(super) enum Failure {
    Driver(Error),
    Unreachable(String),
    /// What answers does not speak the protocol.
    OtherKind(String),
    TooOld {
        found: String,
        least: &'static str,
    },
    Busy(Duration),
    Unproved {
        expected: Checksum,
        found: Checksum,
    },
    /// The table is another's.
    NotOurs {
        table: &'static str,
        difference: String,
    },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Driver(error)
    }
}

impl Failure {
    /// A failure of the connection's first exchange.
    pub(super) fn connecting(error: Error) -> Failure {
        if error.as_db_error().is_some() {
            return Failure::Driver(error);
        }
        let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        let io = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
        match io.map(std::io::Error::kind) {
            // The answer made no sense: tokio-postgres reports an unknown message so.
            Some(std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData) => {
                Failure::OtherKind(reason)
            }
            Some(_) => Failure::Unreachable(reason),
            None if error.to_string().contains("unexpected message") => {
                Failure::OtherKind(error.to_string())
            }
            None => Failure::Driver(error),
        }
    }
}

/// Converts a failure into a sentence that says what to do.
pub(super) fn explain(failure: impl Into<Failure>, config: &Config) -> LoadError {
    let address = address(config);
    let error = match failure.into() {
        Failure::Unreachable(reason) => return LoadError::Unreachable { address, reason },
        Failure::OtherKind(reason) => {
            return LoadError::OtherKind { address, family: "PostgreSQL", reason };
        }
        Failure::TooOld { found, least } => return LoadError::TooOld { address, found, least },
        Failure::Busy(waited) => return LoadError::Busy(waited),
        Failure::Unproved { expected, found } => {
            return LoadError::Unproved { expected, found };
        }
        Failure::NotOurs { table, difference } => {
            let schema = format!("the database {}", config.get_dbname().unwrap_or_default());
            return LoadError::NotOurs { schema, table, difference };
        }
        Failure::Driver(error) => error,
    };
    match error.as_db_error() {
        Some(refusal) => {
            explain_refusal(address, config, refusal.code(), refusal.message().to_owned())
        }
        None => {
            let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            if error.is_closed()
                || error.source().is_some_and(|source| source.is::<std::io::Error>())
            {
                LoadError::Lost { address, reason }
            } else {
                LoadError::Server { address, reason }
            }
        }
    }
}

fn explain_refusal(address: String, config: &Config, code: &SqlState, reason: String) -> LoadError {
    let is = |codes: &[SqlState]| codes.contains(code);
    if is(&[SqlState::DISK_FULL]) || reason.contains("No space left") {
        LoadError::DiskFull { reason }
    } else if is(&[SqlState::INVALID_AUTHORIZATION_SPECIFICATION])
        && (reason.contains("no encryption") || reason.contains("SSL off"))
    {
        LoadError::DemandsTls { address, reason }
    } else if is(&[
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_CATALOG_NAME,
    ]) {
        LoadError::Refused { address, reason }
    } else if is(&[SqlState::INSUFFICIENT_PRIVILEGE]) {
        let user = config.get_user().unwrap_or("the user");
        let mend = format!(
            "GRANT CREATE ON SCHEMA public TO \"{user}\", or make it the owner of the table or of the database"
        );
        LoadError::NotPermitted { reason, mend }
    } else if is(&[SqlState::READ_ONLY_SQL_TRANSACTION]) {
        LoadError::ReadOnly { address, reason }
    } else {
        LoadError::Server { address, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_of_a_server_names_its_mend() {
        let config: Config = "postgres://me:s3cret@127.0.0.1:5432/bench".parse().unwrap();
        for (code, message, mend) in [
            (SqlState::DISK_FULL, "could not extend file", "free at least 1 GB"),
            (SqlState::INVALID_PASSWORD, "password authentication failed", "correct user and"),
            (
                SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
                "no pg_hba.conf entry for host \"::1\", user \"me\", database \"bench\", no encryption",
                "or let this machine connect without",
            ),
            (SqlState::INSUFFICIENT_PRIVILEGE, "permission denied for schema public", "TO \"me\""),
            (
                SqlState::READ_ONLY_SQL_TRANSACTION,
                "cannot execute DROP TABLE in a read-only transaction",
                "name the primary",
            ),
            (SqlState::TOO_MANY_CONNECTIONS, "sorry, too many clients already", "see its log"),
        ] {
            let error = explain_refusal(address(&config), &config, &code, message.to_owned());
            let said = error.to_string();
            assert!(said.contains(mend) && said.contains(message), "{said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
}
