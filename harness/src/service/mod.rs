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
mod postgres;
mod process;
mod program;

use std::fs::File;
use std::process::Command;

use nix::sys::signal::Signal;

pub use error::ServiceError;
pub use folder::Folder;
pub use lease::{Lease, Origin, Status, down, is_external, status, up};
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

    /// The schemes of its URLs: a variable whose URL has another scheme names no server of this service.
    fn schemes(&self) -> &'static [&'static str];

    /// Whether `url` is of this service, by its scheme.
    fn serves(&self, url: &SecretUrl) -> bool {
        self.schemes().contains(&url.scheme())
    }

    /// The name of its folder under `.stackmark`.
    fn folder(&self) -> &'static str {
        self.name()
    }

    /// The family of databases it belongs to, if it is a SQL database.
    fn family(&self) -> Option<&'static dyn Family> {
        None
    }

    /// The registry's word for it: its family's, of which a server takes any, or else its own name. So compose.yaml calls
    /// its container.
    fn need(&self) -> &'static str {
        self.family().map_or(self.name(), |family| family.name())
    }

    /// Brings everything up to date that the server reads at its start, and makes its data if it is missing.
    ///
    /// # Errors
    /// When a program is missing, or a file cannot be written.
    fn prepare(&self, folder: &Folder) -> Result<(), ServiceError>;

    /// The launch of the server in the foreground, on `port` of the loopback interface.
    ///
    /// # Errors
    /// When a program or a file is missing.
    fn launch(&self, folder: &Folder, port: u16) -> Result<Launch, ServiceError>;

    /// The signal that asks the server to end.
    fn stop_signal(&self) -> Signal {
        Signal::SIGTERM
    }

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

/// A command, and a file that it inherits if it is started while this lives.
pub struct Launch {
    /// The command.
    pub command: Command,
    /// The file.
    pub inherited: Option<File>,
}

impl From<Command> for Launch {
    fn from(command: Command) -> Launch {
        Launch { command, inherited: None }
    }
}

/// Every service.
pub static SERVICES: [&dyn Service; 2] = [&mariadb::Mariadb, &postgres::Postgres];

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

/// The databases of these names; without a name those that a variable names, or else all.
///
/// # Errors
/// When there is none of a name, or a variable is not a URL.
pub fn databases(names: &[String]) -> Result<Vec<&'static dyn Service>, ServiceError> {
    let is_database = |service: &&'static dyn Service| service.family().is_some();
    let known: Vec<_> = SERVICES.into_iter().filter(is_database).collect();
    if let Some(name) = names.iter().find(|name| known.iter().all(|known| known.name() != **name)) {
        let known: Vec<_> = known.iter().map(|known| known.name()).collect();
        return Err(ServiceError::Unknown { name: name.clone(), known: known.join(", ") });
    }
    if names.is_empty() {
        let external: Result<Vec<bool>, _> =
            known.iter().map(|known| is_external(*known)).collect();
        let external = external?;
        let any = external.contains(&true);
        let chosen = known.into_iter().zip(external).filter(|(_, external)| *external || !any);
        return Ok(chosen.map(|(service, _)| service).collect());
    }
    let is_named = |service: &&'static dyn Service| names.iter().any(|name| name == service.name());
    Ok(known.into_iter().filter(is_named).collect())
}
