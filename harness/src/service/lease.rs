//! A running service for as long as it is needed, or until it is stopped.

use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::Child;

use demo_data::loader::{LoadError, State};

use super::process::{Life, Running, STOP_TIMEOUT};
use super::{Folder, SERVICES, Service, ServiceError};
use crate::database::{Database, DatabaseError};
use crate::os::process;
use crate::os::stop::Stop;
use crate::os::url::SecretUrl;

/// The party that started the server of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is the private one of the checkout.
    Private {
        /// The process id of the server.
        pid: u32,
    },
    /// A variable names it; it is neither started nor stopped.
    External,
}

/// A service that runs for as long as this lives. Not to be used inside an async runtime, as [`Database`].
pub struct Lease {
    service: &'static dyn Service,
    url: SecretUrl,
    origin: Origin,
    database: Option<Database>,
    owned: Option<Owned>,
}

/// A server that ends with its lease, and the lock that shows this to other processes.
struct Owned {
    child: Child,
    _lock: File,
}

impl Lease {
    /// Takes the server that the service's variable names, or else the private one of the checkout at `root`.
    ///
    /// # Errors
    /// The interruption; any other says in one sentence what is wrong and what to do.
    pub fn acquire(
        root: &Path,
        service: &'static dyn Service,
        stop: &Stop,
    ) -> Result<Lease, ServiceError> {
        match external_url(service)? {
            Some(url) => Lease::external(service, url),
            None => Lease::private(root, service, stop),
        }
    }

    /// Takes the server at `url`, which the harness neither starts nor stops.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn external(service: &'static dyn Service, url: SecretUrl) -> Result<Lease, ServiceError> {
        let connect = |family| Database::connect(family, url.clone());
        let database = service.family().map(connect).transpose()?;
        Ok(Lease { service, url, origin: Origin::External, database, owned: None })
    }

    /// Takes the private server of the checkout at `root`, whatever the service's variable says, and starts it if it
    /// is down.
    ///
    /// If another process has a private server that ends with it, this waits for that end. The server also ends with
    /// the thread that calls this.
    ///
    /// # Errors
    /// The interruption; any other says in one sentence what is wrong and what to do.
    pub fn private(
        root: &Path,
        service: &'static dyn Service,
        stop: &Stop,
    ) -> Result<Lease, ServiceError> {
        let folder = Folder::create(root, service)?;
        loop {
            let change = folder.lock_changes(stop)?;
            let (running, owned) = match detached(service, &folder) {
                Some(running) => (running, None),
                None => {
                    let Some(lock) = folder.try_lock_lease()? else {
                        drop(change);
                        eprintln!(
                            "stackmark: another stackmark uses the private {}; waiting for it to end",
                            service.name()
                        );
                        folder.wait_for_lease(stop)?;
                        continue;
                    };
                    end_orphan(service, &folder)?;
                    let (running, child) = Running::start(service, &folder, Life::Tied, stop)?;
                    (running, Some(Owned { child, _lock: lock }))
                }
            };
            let url = service.url(&folder, running.port)?;
            let database = service.family().map(|family| Database::new(family, url.clone()));
            let origin = Origin::Private { pid: running.pid };
            return Ok(Lease { service, url, origin, database, owned });
        }
    }

    /// The service.
    #[must_use]
    pub fn service(&self) -> &'static dyn Service {
        self.service
    }

    /// The server's URL, with its password.
    #[must_use]
    pub fn url(&self) -> &SecretUrl {
        &self.url
    }

    /// The party that started the server.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The server's process, if it is the private one.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        match self.origin {
            Origin::Private { pid } => Some(pid),
            Origin::External => None,
        }
    }

    /// The database that the service is, if it is one.
    #[must_use]
    pub fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// Ends the server if this lease started it, as dropping does, and reports if that fails.
    ///
    /// # Errors
    /// When the server cannot be waited for.
    pub fn stop(mut self) -> Result<(), ServiceError> {
        self.release()
    }

    fn release(&mut self) -> Result<(), ServiceError> {
        // No connection may outlive the server, or hold up its end.
        if let Some(database) = &self.database {
            database.disconnect();
        }
        if let Some(mut owned) = self.owned.take() {
            let signal = self.service.stop_signal();
            process::stop_by(&mut owned.child, signal, STOP_TIMEOUT)
                .map_err(ServiceError::System)?;
        }
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The error has no reader any more; the server is also tied to the end of this process.
        let _ = self.release();
    }
}

/// Starts the private server of the checkout at `root` to stay, if it is down.
///
/// # Errors
/// Each says in one sentence what is wrong and what to do.
pub fn up(root: &Path, service: &'static dyn Service) -> Result<Status, ServiceError> {
    let (name, variable) = (service.name(), service.variable());
    if external_url(service)?.is_some() {
        return Err(ServiceError::External { service: name, variable });
    }
    // Nothing catches a Ctrl-C here, so it ends this process at once.
    let stop = Stop::never();
    let folder = Folder::create(root, service)?;
    let _change = folder.lock_changes(&stop)?;
    if detached(service, &folder).is_none() {
        let Some(_lease) = folder.try_lock_lease()? else {
            return Err(ServiceError::InUse(name));
        };
        end_orphan(service, &folder)?;
        let (running, _child) = Running::start(service, &folder, Life::Detached, &stop)?;
        let path = folder.detached();
        fs::write(&path, running.pid.to_string()).map_err(ServiceError::files(name, &path))?;
    }
    status(root, service)
}

/// Stops the private server of the checkout at `root`, if it is up. Returns whether it was.
///
/// # Errors
/// When a lease owns it, or it does not end.
pub fn down(root: &Path, service: &dyn Service) -> Result<bool, ServiceError> {
    let Some(folder) = Folder::existing(root, service) else {
        return Ok(false);
    };
    let _change = folder.lock_changes(&Stop::never())?;
    let Some(running) = Running::find(service, &folder) else {
        return Ok(false);
    };
    if detached(service, &folder).is_none() && folder.try_lock_lease()?.is_none() {
        return Err(ServiceError::InUse(service.name()));
    }
    running.stop(service, &folder)?;
    Ok(true)
}

/// The state of a service.
#[derive(Clone, Debug)]
pub struct Status {
    /// The service's name.
    pub name: &'static str,
    /// The party that started its server; absent if that is the private one, and it is not running.
    pub origin: Option<Origin>,
    /// The server's URL.
    pub url: Option<SecretUrl>,
    /// Whether the server answers: the private one may be starting or ending.
    pub answers: bool,
    /// The version of a database that answers.
    pub version: Option<String>,
    /// The state of the table of a database that answers.
    pub table: Option<State>,
}

/// Examines a service, and starts and changes nothing.
///
/// # Errors
/// When an external server does not answer.
pub fn status(root: &Path, service: &'static dyn Service) -> Result<Status, ServiceError> {
    let (name, answers, version, table) = (service.name(), false, None, None);
    let (origin, url) = match external_url(service)? {
        Some(url) => (Origin::External, url),
        None => {
            let folder = Folder::existing(root, service);
            let running = folder.as_ref().and_then(|folder| Running::find(service, folder));
            let (Some(folder), Some(running)) = (folder, running) else {
                return Ok(Status { name, origin: None, url: None, answers, version, table });
            };
            (Origin::Private { pid: running.pid }, service.url(&folder, running.port)?)
        }
    };
    let mut status =
        Status { name, origin: Some(origin), url: Some(url.clone()), answers, version, table };
    match service.family() {
        None => status.answers = service.answers(&url).is_ok(),
        Some(family) => match family.connect(&url) {
            Ok(mut session) => {
                status.answers = true;
                status.version = Some(session.version()?);
                status.table = Some(session.state()?);
            }
            Err(DatabaseError::Load(LoadError::Unreachable { .. }))
                if origin != Origin::External => {}
            Err(error) => return Err(error.into()),
        },
    }
    Ok(status)
}

/// Whether the service's variable names a server of it.
///
/// # Errors
/// When the variable is not a URL of a service.
pub fn is_external(service: &dyn Service) -> Result<bool, ServiceError> {
    Ok(external_url(service)?.is_some())
}

/// The URL of the server that the service's variable names, if it is set.
fn external_url(service: &dyn Service) -> Result<Option<SecretUrl>, ServiceError> {
    let variable = service.variable();
    let Some(text) = env::var(variable).ok().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let refused = |reason: String| {
        let form = service.url_form().to_owned();
        ServiceError::BadUrl { variable, reason, form }
    };
    let url: SecretUrl = text.parse().map_err(|error| refused(format!("{error}")))?;
    if url.has_parameters() {
        return Err(refused("it has parameters, which not every driver reads alike".to_owned()));
    }
    let shares_variable = |other: &&&dyn Service| other.variable() == variable;
    let named = SERVICES.iter().filter(shares_variable).find(|other| other.serves(&url));
    match named {
        Some(named) if named.name() == service.name() => Ok(Some(url)),
        // It names a server of another service; this one stays private.
        Some(_) => Ok(None),
        None => {
            let forms = SERVICES.iter().filter(shares_variable).map(|other| other.url_form());
            let form = forms.collect::<Vec<_>>().join(" or ");
            let reason = format!("{}: is the scheme of no database here", url.scheme());
            Err(ServiceError::BadUrl { variable, reason, form })
        }
    }
}

/// The running server, if it was started to stay.
fn detached(service: &dyn Service, folder: &Folder) -> Option<Running> {
    let pid = fs::read_to_string(folder.detached()).ok()?.parse().ok();
    Running::find(service, folder).filter(|running| Some(running.pid) == pid)
}

/// Ends a server whose starter was killed: it is ending anyway, and holds its data until then.
fn end_orphan(service: &dyn Service, folder: &Folder) -> Result<(), ServiceError> {
    match Running::find(service, folder) {
        Some(orphan) => orphan.stop(service, folder),
        None => Ok(()),
    }
}
