//! Errors between the harness and a database.

use std::io;
use std::time::Duration;

use demo_data::loader::LoadError;

use crate::failure::Error;
use crate::os::stop::Interrupted;

/// Why a database cannot be used. Every message says what to do; none holds a password.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Connecting to the database, questioning or seeding it failed.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The user asked the program to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The database did not answer in time.
    #[error(
        "the database does not answer a question of the harness (no answer within {} s): see whether it still runs",
        .0.as_secs()
    )]
    Silent(Duration),
    /// No async runtime could be made.
    #[error("no event loop can be made ({0}): raise the limit on open files, `ulimit -n`")]
    Runtime(io::Error),
}

impl From<DatabaseError> for Error {
    fn from(error: DatabaseError) -> Error {
        match error {
            DatabaseError::Interrupted(Interrupted) => Error::Interrupted,
            error => Error::Failed(error.to_string()),
        }
    }
}
