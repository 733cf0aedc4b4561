//! The seam behind which servers are built, started, limited, observed and stopped. Plan, load, stats and
//! report do not know which backend runs.

pub mod attached;
pub mod build;
mod config;
mod docker;
mod healthy;
pub mod local;

use std::net::SocketAddr;
use std::process::Child;
use std::time::Duration;

use crate::database::Counters;
use crate::definition::Server;
use crate::failure::{Error, Failed};
use crate::format::containers::Containers;
use crate::observe::meter::Meter;
use crate::os::placement::{Cpus, Placement};
use crate::os::stop::Stop;
use crate::service::Services;
use crate::workspace::Workspace;

pub use config::{AddressTemplate, BackendConfig, Kind, Network};

/// How long a stopping server may take: the contract says 5 s, and one more tells who is late.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(6);

/// What every backend needs to begin.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The checkout.
    pub workspace: &'a Workspace,
    /// The CPUs that this process may use.
    pub usable: &'a Cpus,
    /// The servers that will be started.
    pub servers: &'a [Server],
    /// Interrupts the start-up.
    pub stop: &'a Stop,
}

/// Opens a backend: afterwards the services that its servers need answer.
///
/// # Errors
/// What is wrong and what mends it, in one sentence; or the interruption.
pub fn open<'a>(
    config: BackendConfig,
    context: Context<'a>,
) -> Result<Box<dyn Backend + 'a>, Error> {
    Ok(match config {
        BackendConfig::Local { placement } => Box::new(local::Local::open(placement, context)?),
        BackendConfig::Docker { placement, network, no_quota } => {
            let options = docker::Options { placement, network, no_quota };
            Box::new(docker::Docker::open(options, context)?)
        }
        BackendConfig::Attached { at } => Box::new(attached::Attached::open(at, context)?),
    })
}

/// What shows which server was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildInfo {
    /// What it says of itself: its name and versions.
    pub version: String,
    /// The image's digest, if it runs from one.
    pub image: Option<String>,
}

/// Builds, starts and observes the parts of a trial.
pub trait Backend {
    /// The services that the servers need.
    fn services(&self) -> &Services;

    /// Seeds the services and puts everything in its place. To be called once, before the first server starts.
    ///
    /// # Errors
    /// When a service cannot be seeded, or something cannot be placed or observed; or the interruption.
    fn prepare(&mut self, stop: &Stop) -> Result<(), Error>;

    /// Builds a server, and asks it for its version.
    ///
    /// # Errors
    /// Which of the two failed, and why in one line; or the interruption, or the loss of a service.
    fn build(&mut self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>>;

    /// Starts a server and waits until it is healthy.
    ///
    /// # Errors
    /// When it does not start, ends, or is not healthy in time, with the last of its log; or the interruption, or the
    /// loss of a service.
    fn start(&mut self, server: &Server, stop: &Stop) -> Result<Box<dyn Instance>, Error>;

    /// Starts one shard of the load, with piped standard streams.
    ///
    /// # Errors
    /// When it does not start.
    fn start_load(&mut self, shard: u32) -> Result<Child, Error>;

    /// The parts that together are a load whose shards [`Backend::start_load`] started.
    ///
    /// # Errors
    /// When they are gone.
    fn load_parts(&self, shards: &[Child]) -> Result<Vec<Meter>, Error>;

    /// Passes if the services that every server needs still run, as far as this backend can observe them.
    ///
    /// # Errors
    /// [`Error::ServiceLost`] when one of them is gone.
    fn check_services(&self) -> Result<(), Error>;

    /// The database; absent if it is not ours to observe.
    fn database_part(&self) -> Option<Meter>;

    /// What the database has counted, without what reading it costs; absent if it is not ours to observe. Not to be
    /// called while a load is measured.
    fn database_counters(&self) -> Option<Counters>;

    /// Where everything runs.
    fn placement(&self) -> &Placement;

    /// What the parts run in; absent where they are mere processes.
    fn containers(&self) -> Option<Containers>;

    /// Ends everything that this backend brought up. Dropping it does the same.
    ///
    /// # Errors
    /// When something is left.
    fn close(self: Box<Self>) -> Result<(), Error>;
}

/// A running server. Dropping it stops it.
pub trait Instance {
    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// It, as it is now.
    ///
    /// # Errors
    /// When it is gone; with the last of its log.
    fn part(&mut self) -> Result<Meter, Error>;

    /// That it is gone; with the last of its log.
    fn gone(&mut self) -> Error;

    /// Stops it.
    ///
    /// # Errors
    /// When it did not end as the contract says: by itself, in time, with status 0.
    fn stop(self: Box<Self>) -> Result<(), Error>;
}
