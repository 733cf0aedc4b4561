//! The seam behind which servers are started, limited, observed and stopped. Plan, load, stats and
//! report do not know which backend runs.

pub mod local;
mod usage;

use std::net::SocketAddr;
use std::process::Child;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use usage::Usage;

use crate::database::Counters;
use crate::definition::Server;
use crate::observe::processes::Processes;
use crate::placement::Placement;

/// How long a stopping server may take: the contract says 5 s, and one more tells who is late.
pub const STOP_PATIENCE: Duration = Duration::from_secs(6);

/// Something could not be started, observed or stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BackendError(pub String);

/// Starts and observes the parts of a trial.
pub trait Backend {
    /// Starts a server and waits until it is healthy, the database is gone, or `stop` becomes true.
    ///
    /// # Errors
    /// When it does not start, ends, or is not healthy in time; with the last of its log. After the database is
    /// gone or `stop` became true, an error is not the server's fault.
    fn start(
        &mut self,
        server: &Server,
        stop: &AtomicBool,
    ) -> Result<Box<dyn Instance>, BackendError>;

    /// Starts one shard of the load, with piped standard streams.
    ///
    /// # Errors
    /// When it does not start.
    fn start_load(&mut self, shard: u32) -> Result<Child, BackendError>;

    /// The processes of a load that [`Backend::start_load`] started.
    fn load_processes(&self, load: &Child) -> Processes;

    /// Whether the database still runs, as far as it is ours to observe.
    ///
    /// # Errors
    /// When it is gone: then no server can be measured.
    fn check_database(&self) -> Result<(), BackendError>;

    /// The database's processes; absent if it is not ours to observe.
    fn database_processes(&self) -> Option<Processes>;

    /// What the database has counted, without what reading it costs; absent if it is not ours to observe. Not to be
    /// called while a load is measured.
    fn database_counters(&self) -> Option<Counters>;

    /// Where everything runs.
    fn placement(&self) -> &Placement;
}

/// A running server. Dropping it stops it.
pub trait Instance {
    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// Its processes, as they are now.
    ///
    /// # Errors
    /// When it is gone; with the last of its log.
    fn processes(&mut self) -> Result<Processes, BackendError>;

    /// That it is gone; with the last of its log.
    fn gone(&mut self) -> BackendError;

    /// Stops it.
    ///
    /// # Errors
    /// When it did not end as the contract says: by itself, in time, with status 0.
    fn stop(self: Box<Self>) -> Result<(), BackendError>;
}
