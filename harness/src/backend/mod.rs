//! The seam behind which servers are built, started, limited, observed and stopped. Plan, load, stats and report do not
//! know which backend runs.
//!
//! A new backend is a folder here with its own [`Backend`] (what a run does) and [`Builder`] (what `stackmark build` needs of
//! it), and a case in [`BackendConfig`], [`open`] and [`builder`].

mod attached;
mod build;
mod config;
mod docker;
mod healthy;
mod limits;
mod load;
mod local;

use std::net::SocketAddr;
use std::time::Duration;

pub use config::{AddressTemplate, BackendConfig, Kind, Network};
pub use load::{LoadEvent, RunningLoad};

use crate::database::Counters;
use crate::definition::Server;
use crate::failure::{Error, Failed};
use crate::format::site::Site;
use crate::load::LoadSpec;
use crate::observe::meter::Meter;
use crate::os::placement::{Cpus, Placement};
use crate::os::stop::Stop;
use crate::service::Services;
use crate::units::Nanos;
use crate::workspace::Workspace;

/// How long a server may take to stop: the contract says 5 s, and one more shows which server is late.
const STOP_TIMEOUT: Duration = Duration::from_secs(6);

/// What every backend needs to begin.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The checkout.
    pub workspace: &'a Workspace,
    /// The CPUs that this process may use.
    pub usable: &'a Cpus,
    /// The servers that will be built or started.
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

/// Opens what a backend builds servers with, without the services and without a load.
///
/// # Errors
/// What is wrong and what mends it, in one sentence; or the interruption.
pub fn builder<'a>(
    config: BackendConfig,
    context: Context<'a>,
) -> Result<Box<dyn Builder + 'a>, Error> {
    Ok(match config {
        BackendConfig::Local { .. } => Box::new(build::Commands::new(context)),
        BackendConfig::Docker { .. } => Box::new(docker::Images::open(context)?),
        BackendConfig::Attached { at } => Box::new(attached::Servers { at }),
    })
}

/// What identifies a built server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildInfo {
    /// What its version command prints: its name and versions.
    pub version: String,
    /// The image's digest, if it runs from one.
    pub image: Option<String>,
    /// The size of that image in bytes, or else of the program, if it is one of the checkout's.
    pub bytes: Option<u64>,
}

/// Builds servers.
pub trait Builder {
    /// Builds a server, and asks it for its version.
    ///
    /// # Errors
    /// Which of the two failed, and why in one line; or the interruption, or the loss of a service.
    fn build(&mut self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>>;
}

/// Builds, starts and observes the parts of a trial.
pub trait Backend: Builder {
    /// The services that the servers need.
    fn services(&self) -> &Services;

    /// Seeds the services and puts everything in its place. To be called once, before the first server starts.
    ///
    /// # Errors
    /// When a service cannot be seeded, or something cannot be placed or observed; or the interruption.
    fn prepare(&mut self, stop: &Stop) -> Result<(), Error>;

    /// The CPUs of each part.
    fn placement(&self) -> &Placement;

    /// Where the parts run, for the run's record; absent where they are processes of this machine.
    fn site(&self) -> Option<Site>;

    /// Starts a server and waits until it is healthy.
    ///
    /// # Errors
    /// When it does not start, ends, or is not healthy in time, with the last of its log; or the interruption, or the
    /// loss of a service.
    fn start(&mut self, server: &Server, stop: &Stop) -> Result<Box<dyn Instance>, Error>;

    /// Starts a load as a whole, with these shards, and waits until it is ready to begin.
    ///
    /// # Errors
    /// When it does not start, or is not ready in time; or the interruption.
    fn start_load(
        &mut self,
        shards: &[LoadSpec],
        stop: &Stop,
    ) -> Result<Box<dyn RunningLoad>, Error>;

    /// Passes if the services that every server needs still run, as far as this backend can observe them.
    ///
    /// # Errors
    /// [`Error::ServiceLost`] when one of them is gone.
    fn check_services(&self) -> Result<(), Error>;

    /// The meter of the database that `server` needs; absent if it needs none, or if that is not ours to observe.
    fn database_meter(&self, server: &Server) -> Option<Box<dyn Meter>>;

    /// What that database has counted, without what reading it costs; absent if it is not ours to observe. Not to be
    /// called while a load is measured.
    fn database_counters(&self, server: &Server) -> Option<Counters>;

    /// Ends everything that this backend brought up. Dropping it does the same.
    ///
    /// # Errors
    /// When something is left.
    fn close(self: Box<Self>) -> Result<(), Error>;
}

/// A running server. Dropping it stops it.
pub trait Instance {
    /// The server's address.
    fn address(&self) -> SocketAddr;

    /// The time from the start of its process to its first right answer; absent where it was not started as a process of
    /// the harness.
    fn first_answer(&self) -> Option<Nanos> {
        None
    }

    /// The meter of its processes, as they are now.
    ///
    /// # Errors
    /// When it is gone; with the last of its log.
    fn meter(&mut self) -> Result<Box<dyn Meter>, Error>;

    /// The failure of a server that is gone, with the last of its log.
    fn gone(&mut self) -> Error;

    /// Stops it.
    ///
    /// # Errors
    /// When it did not end as the contract says: by itself, in time, with status 0.
    fn stop(self: Box<Self>) -> Result<(), Error>;
}
