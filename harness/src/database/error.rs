//! What can go wrong with the database, each with the sentence that mends it.

use std::io;
use std::path::{Path, PathBuf};

use demo_data::loader::LoadError;

/// Why there is no database to measure with. Every message names the mend; none holds a password.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// MariaDB's programs are missing.
    #[error(
        "{0} is not installed: run scripts/bootstrap, or set DATABASE_URL to a database of your own"
    )]
    NotInstalled(&'static str),
    /// The folder of the private database cannot be used.
    #[error(
        "the private database's folder fails at {path} ({cause}): mend its rights, or free 2 GB of disk"
    )]
    Files {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The data folder could not be made.
    #[error(
        "the private database cannot be made ({reason}): free 2 GB of disk, then run this again"
    )]
    Initialise {
        /// What the installer says.
        reason: String,
    },
    /// The server does not come up.
    #[error(
        "the private database does not start ({reason}): read {log}; it holds nothing but the seeded table, \
         so deleting {folder} and running this again makes it anew"
    )]
    Start {
        /// What was seen last.
        reason: String,
        /// The server's log.
        log: PathBuf,
        /// The folder of the private database.
        folder: PathBuf,
    },
    /// Another harness owns the server.
    #[error(
        "a stackmark that still runs has started the private database and will stop it: wait until it ends"
    )]
    InUse,
    /// The verb concerns the private database, but another one is named.
    #[error(
        "DATABASE_URL names a database that stackmark neither starts nor stops: unset it to use the private one"
    )]
    External,
    /// The server does not end.
    #[error("the private database, process {pid}, does not end: look for a stuck disk")]
    Stop {
        /// The server.
        pid: u32,
    },
    /// Talking to the database, or seeding it, failed.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A question to the database failed.
    #[error(
        "the database does not answer a question of the harness ({0}): see whether it still runs"
    )]
    Ask(String),
    /// The async runtime cannot be had.
    #[error("no event loop can be made ({0}): raise the limit on open files, `ulimit -n`")]
    Runtime(io::Error),
}

impl DatabaseError {
    pub(super) fn files(path: &Path) -> impl FnOnce(io::Error) -> DatabaseError {
        let path = path.to_owned();
        move |cause| DatabaseError::Files { path, cause }
    }
}
