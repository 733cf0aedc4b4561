//! The database that the servers query: a private MariaDB of the checkout, or the one that DATABASE_URL names.
//!
//! The private one lives in `.stackmark/db`: its own data, socket, log and account, a free port of the loopback
//! interface. Two ways to have it: [`Lease`] brings it up if it is down, and takes down only what it brought up;
//! [`up`] starts one that stays until [`down`]. Nothing here may be called inside an async runtime: it has its own.

mod bar;
pub mod counters;
pub mod counts;
mod error;
mod folder;
mod server;
mod session;
mod url;

use std::env;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::process::Child;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use demo_data::loader::{LoadError, Progress, SeedReport, State};

pub use bar::bar;
pub use error::DatabaseError;
pub use session::Counters;
pub use url::DatabaseUrl;

use crate::os::process;
use crate::os::stop::Stop;
use folder::Folder;
use server::{Life, Server};
use session::Session;

/// Whose the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The checkout's private server.
    Embedded {
        /// Its process.
        pid: u32,
    },
    /// One that DATABASE_URL names; it is neither started nor stopped.
    External,
}

/// A running database for as long as this lives.
pub struct Lease {
    url: DatabaseUrl,
    kind: Kind,
    session: Mutex<Option<Session>>,
    owned: Option<Owned>,
}

/// A server that ends with its lease, and the lock that tells others so.
struct Owned {
    child: Child,
    _lock: File,
}

impl Lease {
    /// Takes the database of DATABASE_URL, or else the private one of the checkout at `root`.
    ///
    /// # Errors
    /// Each says in one sentence what is wrong and what mends it.
    pub fn acquire(root: &Path) -> Result<Lease, DatabaseError> {
        match external_url() {
            Some(url) => Lease::external(url),
            None => Lease::private(root),
        }
    }

    /// Takes the database at `url`, which somebody else starts and stops.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn external(url: DatabaseUrl) -> Result<Lease, DatabaseError> {
        let session = Session::connect_making_schema(&url)?;
        Ok(Lease::new(url, Kind::External, Some(session), None))
    }

    /// Takes the private database of the checkout at `root`, whatever DATABASE_URL says, and starts it if it is down.
    ///
    /// If another process has a private server that ends with it, this waits for that end. The server also ends with
    /// the thread that calls this.
    ///
    /// # Errors
    /// Each says in one sentence what is wrong and what mends it.
    pub fn private(root: &Path) -> Result<Lease, DatabaseError> {
        let folder = Folder::make(root)?;
        loop {
            let change = locked(&folder)?;
            if let Some(server) = detached(&folder) {
                let kind = Kind::Embedded { pid: server.pid };
                return Ok(Lease::new(server.url(&folder)?, kind, None, None));
            }
            let Some(lock) = free_lease(&folder)? else {
                drop(change);
                eprintln!(
                    "stackmark: another stackmark uses the private database; waiting for it to end"
                );
                let path = folder.path();
                folder.lease_lock()?.lock().map_err(DatabaseError::files(path))?;
                continue;
            };
            clear(&folder)?;
            let (server, child) = Server::start(&folder, Life::Tied)?;
            let kind = Kind::Embedded { pid: server.pid };
            let owned = Owned { child, _lock: lock };
            return Ok(Lease::new(server.url(&folder)?, kind, None, Some(owned)));
        }
    }

    fn new(url: DatabaseUrl, kind: Kind, session: Option<Session>, owned: Option<Owned>) -> Lease {
        Lease { url, kind, session: Mutex::new(session), owned }
    }

    /// Where the database is, with its password.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Whose it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The server's process, if it is the private one.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        match self.kind {
            Kind::Embedded { pid } => Some(pid),
            Kind::External => None,
        }
    }

    /// The server's version as it names itself, e.g. `10.11.19-MariaDB`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn version(&self) -> Result<String, DatabaseError> {
        self.ask(Session::version)
    }

    /// The server's settings that bear on a lookup's cost, by name.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn settings(&self) -> Result<Vec<(String, String)>, DatabaseError> {
        self.ask(Session::settings)
    }

    /// What the server has counted so far.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn counters(&self) -> Result<Counters, DatabaseError> {
        self.ask(Session::counters)
    }

    /// Proves that the table is the published one, and seeds it first if it is not.
    ///
    /// # Errors
    /// Each says in one sentence what is wrong and what mends it.
    pub fn ensure_seeded(&self, progress: &Progress) -> Result<SeedReport, DatabaseError> {
        session::ensure_seeded(&self.url, progress)
    }

    /// As [`Lease::ensure_seeded`], until `stop` is set; then the report is absent, and the next one goes on.
    ///
    /// # Errors
    /// Each says in one sentence what is wrong and what mends it.
    pub fn ensure_seeded_unless(
        &self,
        progress: &Progress,
        stop: &Stop,
    ) -> Result<Option<SeedReport>, DatabaseError> {
        session::ensure_seeded_unless(&self.url, progress, stop)
    }

    /// Ends the database if this lease brought it up, as dropping does, and says if that fails.
    ///
    /// # Errors
    /// When the server cannot be waited for.
    pub fn stop(mut self) -> Result<(), DatabaseError> {
        self.release()
    }

    fn release(&mut self) -> Result<(), DatabaseError> {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(mut owned) = self.owned.take() {
            process::stop(&mut owned.child, Duration::from_secs(60))
                .map_err(DatabaseError::Runtime)?;
        }
        Ok(())
    }

    /// Asks over the kept connection, and over a new one if that has broken.
    fn ask<T>(
        &self,
        question: impl Fn(&mut Session) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let mut kept = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = kept.as_mut()
            && let Ok(answer) = question(session)
        {
            return Ok(answer);
        }
        let session = kept.insert(Session::connect(&self.url)?);
        question(session)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Nobody is left to tell; the server is also tied to the end of this process.
        let _ = self.release();
    }
}

/// Brings the private database up to stay. Says what was done.
///
/// # Errors
/// Each says in one sentence what is wrong and what mends it.
pub fn up(root: &Path) -> Result<Status, DatabaseError> {
    if external_url().is_some() {
        return Err(DatabaseError::External);
    }
    let folder = Folder::make(root)?;
    let _change = locked(&folder)?;
    if detached(&folder).is_none() {
        let Some(_lease) = free_lease(&folder)? else {
            return Err(DatabaseError::InUse);
        };
        clear(&folder)?;
        let (server, _child) = Server::start(&folder, Life::Detached)?;
        let path = folder.detached();
        fs::write(&path, server.pid.to_string()).map_err(DatabaseError::files(&path))?;
    }
    status(root)
}

/// Takes the private database down, if it is up. Says whether it was.
///
/// # Errors
/// When a lease owns it, or it does not end.
pub fn down(root: &Path) -> Result<bool, DatabaseError> {
    let Some(folder) = Folder::existing(root) else {
        return Ok(false);
    };
    let _change = locked(&folder)?;
    let Some(server) = Server::running(&folder) else {
        return Ok(false);
    };
    if detached(&folder).is_none() && free_lease(&folder)?.is_none() {
        return Err(DatabaseError::InUse);
    }
    server.stop(&folder)?;
    Ok(true)
}

/// How the database is.
#[derive(Clone, Debug)]
pub struct Status {
    /// Whose it is; nothing if it is the private one and down.
    pub running: Option<Kind>,
    /// Where it is.
    pub url: Option<DatabaseUrl>,
    /// The server's version; nothing if it does not answer, because it is just coming up or going down.
    pub version: Option<String>,
    /// What the table holds.
    pub table: Option<State>,
}

/// Looks at the database, and starts and changes nothing.
///
/// # Errors
/// When it runs but does not answer.
pub fn status(root: &Path) -> Result<Status, DatabaseError> {
    let (kind, url) = match external_url() {
        Some(url) => (Kind::External, url),
        None => {
            let folder = Folder::existing(root);
            let server = folder.as_ref().and_then(Server::running);
            let (Some(folder), Some(server)) = (folder, server) else {
                return Ok(Status { running: None, url: None, version: None, table: None });
            };
            (Kind::Embedded { pid: server.pid }, server.url(&folder)?)
        }
    };
    let (version, table) = match Session::connect(&url) {
        Ok(mut session) => (Some(session.version()?), Some(session::state(&url)?)),
        // The private one is just coming up or going down.
        Err(DatabaseError::Load(LoadError::Unreachable { .. })) if kind != Kind::External => {
            (None, None)
        }
        Err(error) => return Err(error),
    };
    Ok(Status { running: Some(kind), url: Some(url), version, table })
}

fn external_url() -> Option<DatabaseUrl> {
    let url = env::var("DATABASE_URL").ok()?;
    (!url.is_empty()).then(|| DatabaseUrl::new(url))
}

/// Waits until nobody else starts or stops the server, and keeps others from it.
fn locked(folder: &Folder) -> Result<File, DatabaseError> {
    let lock = folder.change_lock()?;
    lock.lock().map_err(DatabaseError::files(folder.path()))?;
    Ok(lock)
}

/// The lock of a server that ends with its starter, unless one lives.
fn free_lease(folder: &Folder) -> Result<Option<File>, DatabaseError> {
    let lock = folder.lease_lock()?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(DatabaseError::files(folder.path())(error)),
    }
}

/// The running server, if it was brought up to stay.
fn detached(folder: &Folder) -> Option<Server> {
    let pid = fs::read_to_string(folder.detached()).ok()?.parse().ok();
    Server::running(folder).filter(|server| Some(server.pid) == pid)
}

/// Ends a server whose starter was killed: it is ending anyway, and holds the data folder until then.
fn clear(folder: &Folder) -> Result<(), DatabaseError> {
    match Server::running(folder) {
        Some(orphan) => orphan.stop(folder),
        None => Ok(()),
    }
}
