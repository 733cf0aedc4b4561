//! What servers need beside themselves: a private server of the checkout, or the one that a variable names.
//!
//! A service is one file here with a [`Service`], and one line in [`SERVICES`]. A private one lives in a folder of its
//! own under `.stackmark`, with its own data, log, password and a free port of the loopback interface. There are two
//! ways to have it: [`Lease`] starts it if it is down, and stops only what it started; [`up`] starts one that stays until
//! [`down`].

mod error;
mod folder;
mod lease;
mod mariadb;
mod needs;
mod process;
mod program;

use std::process::Command;

pub use error::ServiceError;
pub use folder::Folder;
pub use lease::{Lease, Origin, Status, down, status, up};
pub use needs::{Services, needed};

use crate::database::Family;
use crate::os::url::SecretUrl;

/// A kind of server that the harness can start privately.
pub trait Service: Sync {
    /// The service's name, as in `stackmark service up NAME`.
    fn name(&self) -> &'static str;

    /// The variable that hands its URL to a server, and that can name another server than the private one.
    fn variable(&self) -> &'static str;

    /// The form of its URLs, for people.
    fn url_form(&self) -> &'static str;

    /// The name of its folder under `.stackmark`.
    fn folder(&self) -> &'static str {
        self.name()
    }

    /// The family of databases it belongs to, if it is a SQL database.
    fn family(&self) -> Option<&'static dyn Family> {
        None
    }

    /// Brings everything up to date that the server reads at its start, and makes its data if it is missing.
    ///
    /// # Errors
    /// When a program is missing, or a file cannot be written.
    fn prepare(&self, folder: &Folder) -> Result<(), ServiceError>;

    /// The command that runs the server in the foreground, on `port` of the loopback interface.
    ///
    /// # Errors
    /// When a program is missing.
    fn command(&self, folder: &Folder, port: u16) -> Result<Command, ServiceError>;

    /// The port of the server that runs in `folder`, if this is its command line: the program, then its arguments.
    fn port(&self, folder: &Folder, command_line: &[&str]) -> Option<u16>;

    /// The URL of the server on `port`, with its password.
    ///
    /// # Errors
    /// When the password cannot be read.
    fn url(&self, folder: &Folder, port: u16) -> Result<SecretUrl, ServiceError>;

    /// Passes when the server at `url` answers, which only one with the folder's password may do.
    ///
    /// # Errors
    /// What it says instead, in one line.
    fn answers(&self, url: &SecretUrl) -> Result<(), String>;

    /// The line of the server's output that says what stopped it; the last one by default.
    fn cause<'a>(&self, output: &'a str) -> Option<&'a str> {
        output.lines().map(str::trim).rfind(|line| !line.is_empty())
    }

    /// Whether the server's output says that another process has taken its port.
    fn lost_its_port(&self, output: &str) -> bool;
}

/// Every service.
pub static SERVICES: [&dyn Service; 1] = [&mariadb::Mariadb];

/// The services of these names, or all of them.
///
/// # Errors
/// When there is none of a name.
pub fn named(names: &[String]) -> Result<Vec<&'static dyn Service>, ServiceError> {
    if names.is_empty() {
        return Ok(SERVICES.to_vec());
    }
    let find = |name: &String| {
        SERVICES.into_iter().find(|service| service.name() == name).ok_or_else(|| {
            let known: Vec<_> = SERVICES.iter().map(|service| service.name()).collect();
            ServiceError::Unknown { name: name.clone(), known: known.join(", ") }
        })
    };
    names.iter().map(find).collect()
}

/// The first service that is a database of the family of that name.
#[must_use]
pub fn of_family(family: &str) -> Option<&'static dyn Service> {
    let is_one = |service: &&dyn Service| service.family().is_some_and(|f| f.name() == family);
    SERVICES.into_iter().find(is_one)
}

/// The database that `stackmark db` is about.
#[must_use]
pub fn database() -> &'static dyn Service {
    &mariadb::Mariadb
}
