//! Errors of services.

use std::io;
use std::path::{Path, PathBuf};

use crate::database::DatabaseError;
use crate::failure::Error;
use crate::os::stop::Interrupted;

/// Why a service cannot be used. Every message says what to do; none holds a password.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A program that the private service needs is missing.
    #[error(
        "{program} is not installed: run scripts/bootstrap, or set {variable} to the URL of a server of your own"
    )]
    NotInstalled {
        /// The program.
        program: &'static str,
        /// The variable that names another server.
        variable: &'static str,
    },
    /// A server needs what no service gives.
    #[error(
        "{server} needs {need:?}, which no service gives: correct `needs` in servers/servers.toml, or add the service"
    )]
    NotGiven {
        /// The server.
        server: String,
        /// What it needs.
        need: String,
    },
    /// The folder of the private service cannot be used.
    #[error(
        "the private {service}'s folder fails at {path} ({cause}): correct its rights, or free 2 GB of disk"
    )]
    Files {
        /// The service.
        service: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The service's data could not be made.
    #[error(
        "the private {service} cannot be made ({reason}): free 2 GB of disk, then run this again"
    )]
    Initialise {
        /// The service.
        service: &'static str,
        /// The installer's reason.
        reason: String,
    },
    /// The service does not start.
    #[error(
        "the private {service} does not start ({reason}): read {log}; it holds nothing that is not made again, \
         so deleting {folder} and running this again makes it anew"
    )]
    Start {
        /// The service.
        service: &'static str,
        /// The last failure.
        reason: String,
        /// The service's log.
        log: PathBuf,
        /// The folder of the private service.
        folder: PathBuf,
    },
    /// Another harness owns the service.
    #[error(
        "a stackmark that still runs has started the private {0} and will stop it: wait until it ends"
    )]
    InUse(&'static str),
    /// The verb concerns the private service, but another server is named.
    #[error(
        "{variable} names a server that stackmark neither starts nor stops: unset it to use the private {service}"
    )]
    External {
        /// The service.
        service: &'static str,
        /// The variable.
        variable: &'static str,
    },
    /// The variable that names a server is not a URL of the service.
    #[error("{variable} cannot be read ({reason}): write it as {form}")]
    BadUrl {
        /// The variable.
        variable: &'static str,
        /// The reason why it is not.
        reason: String,
        /// The form of the service's URLs.
        form: String,
    },
    /// No service has that name.
    #[error("there is no service {name:?}; there are: {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names of all services.
        known: String,
    },
    /// The service does not end.
    #[error("the private {service}, process {pid}, does not end: look for a stuck disk")]
    Stop {
        /// The service.
        service: &'static str,
        /// The process id.
        pid: u32,
    },
    /// A process or a port cannot be had from the system.
    #[error("the system refuses a process or a port ({0}): raise the limits, `ulimit -n -u`")]
    System(io::Error),
    /// The user asked the program to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// Talking to the database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl ServiceError {
    /// A failure of `service` at a file.
    pub(super) fn files(
        service: &'static str,
        path: &Path,
    ) -> impl FnOnce(io::Error) -> ServiceError {
        let path = path.to_owned();
        move |cause| ServiceError::Files { service, path, cause }
    }
}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Error {
        match error {
            ServiceError::Database(error) => error.into(),
            ServiceError::Interrupted(Interrupted) => Error::Interrupted,
            error => Error::Failed(error.to_string()),
        }
    }
}
