//! Error codes of MySQL and MariaDB, and their meaning.

use std::time::Duration;

use mysql_async::{Error, IoError, Opts, ServerError, UrlError};

use super::URL_FORM;
use crate::Checksum;
use crate::loader::LoadError;

/// A failure whose server is not known yet.
pub(super) enum Failure {
    Driver(Error),
    Unreachable(String),
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

/// The schema does not exist.
pub(super) const UNKNOWN_SCHEMA: u16 = 1049;

/// An operation is not permitted on a schema, table, column or routine, or a privilege is missing.
const NOT_PERMITTED: [u16; 5] = [1044, 1142, 1143, 1370, 1227];
/// The password is wrong, logins are allowed only from elsewhere, or the authentication plugin is unknown.
const REFUSED: [u16; 5] = [1045, 1130, 1251, 1524, 1698];
/// The server is to be reached by TLS alone: MySQL's require_secure_transport, and MariaDB's.
const DEMANDS_TLS: [u16; 2] = [3159, 4165];
/// The server is a replica, or was made read-only.
const READ_ONLY: [u16; 3] = [1290, 1792, 1836];
/// The disk or the table is full. An error of writing names "No space left" in its text.
const DISK_FULL: [u16; 2] = [1021, 1114];
/// LOCAL INFILE is off, in MySQL before and since 8.0, and in MariaDB.
const LOCAL_INFILE_FORBIDDEN: [u16; 3] = [1148, 3948, 4166];

pub(super) fn server_code(error: &Error) -> Option<u16> {
    match error {
        Error::Server(ServerError { code, .. }) => Some(*code),
        _ => None,
    }
}

pub(super) fn local_infile_forbidden(error: &Error) -> bool {
    server_code(error).is_some_and(|code| LOCAL_INFILE_FORBIDDEN.contains(&code))
}

pub(super) fn bad_url(error: &UrlError) -> LoadError {
    LoadError::BadUrl { reason: error.to_string(), form: URL_FORM }
}

/// Converts a failure into a sentence that says what to do.
pub(super) fn explain(failure: impl Into<Failure>, opts: &Opts) -> LoadError {
    let address = format!("{}:{}", opts.ip_or_hostname(), opts.tcp_port());
    let error = match failure.into() {
        Failure::Unreachable(reason) => return LoadError::Unreachable { address, reason },
        Failure::Busy(waited) => return LoadError::Busy(waited),
        Failure::Unproved { expected, found } => {
            return LoadError::Unproved { expected, found };
        }
        Failure::NotOurs { table, difference } => {
            let schema = format!("the schema {}", opts.db_name().unwrap_or_default());
            return LoadError::NotOurs { schema, table, difference };
        }
        Failure::Driver(error) => error,
    };
    match error {
        Error::Server(ServerError { code, message, .. }) => {
            let reason = message;
            match code {
                code if DISK_FULL.contains(&code) || reason.contains("No space left") => {
                    LoadError::DiskFull { reason }
                }
                code if REFUSED.contains(&code) => LoadError::Refused { address, reason },
                code if NOT_PERMITTED.contains(&code) => {
                    let schema = opts.db_name().unwrap_or_default();
                    let mend = format!(
                        "GRANT SELECT, INSERT, DELETE, CREATE, DROP, ALTER, INDEX ON `{schema}`.* to it"
                    );
                    LoadError::NotPermitted { reason, mend }
                }
                code if DEMANDS_TLS.contains(&code) => LoadError::DemandsTls { address, reason },
                code if READ_ONLY.contains(&code) => LoadError::ReadOnly { address, reason },
                _ => LoadError::Server { address, reason },
            }
        }
        Error::Io(IoError::Io(error)) => LoadError::Lost { address, reason: error.to_string() },
        Error::Driver(mysql_async::DriverError::ConnectionClosed) => {
            LoadError::Lost { address, reason: "closed by the server".to_owned() }
        }
        Error::Url(error) => bad_url(&error),
        other => LoadError::Server { address, reason: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(code: u16, message: &str) -> LoadError {
        let opts = Opts::from_url("mysql://me:s3cret@127.0.0.1:3306/bench").expect("a plain URL");
        let error = ServerError { code, message: message.to_owned(), state: "HY000".to_owned() };
        explain(Error::Server(error), &opts)
    }

    #[test]
    fn each_refusal_of_a_server_names_its_mend() {
        for (code, message, mend) in [
            (1114, "The table 'demo_data' is full", "free at least 1 GB"),
            (
                3,
                "Error writing file './bench/demo_data' (Errcode: 28 \"No space left on device\")",
                "free at least 1 GB",
            ),
            (1045, "Access denied for user 'me'@'localhost'", "correct user and password"),
            (1142, "DROP command denied to user 'me'@'localhost'", "ON `bench`.* to it"),
            (1040, "Too many connections", "see its log"),
        ] {
            let said = explained(code, message).to_string();
            assert!(said.contains(mend) && said.contains(message), "{said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
    }
}
