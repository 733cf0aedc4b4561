//! The seam behind which servers are built, started, limited, observed and stopped. Plan, load, stats and
//! report do not know which backend runs.

pub mod attached;
pub mod build;
mod docker;
mod healthy;
pub mod local;

use std::net::SocketAddr;
use std::process::Child;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::database::Counters;
use crate::definition::Server;
use crate::failure::{Error, Failed};
use crate::format::containers::Containers;
use crate::observe::meter::Meter;
use crate::os::placement::{Cpus, Placement};
use crate::os::stop::Stop;
use crate::service::Services;
use crate::workspace::Workspace;

/// How long a stopping server may take: the contract says 5 s, and one more tells who is late.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(6);

/// What starts, limits, observes and stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Processes on this machine, with private services and CPU sets
    Local,
    /// Containers on this machine's Docker engine, with the limits of compose.yaml
    Docker,
    /// Servers that are up already, in containers on this machine (--at); DATABASE_URL names their database
    Attached,
}

impl Kind {
    /// As in a run's record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Local => "local",
            Kind::Docker => "docker",
            Kind::Attached => "attached",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Kind> {
        [Kind::Local, Kind::Docker, Kind::Attached].into_iter().find(|kind| kind.name() == name)
    }
}

/// How containers are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Network {
    /// A network of the project's own
    #[default]
    Bridge,
    /// The machine's own, which shows what the bridge costs
    Host,
}

impl Network {
    /// As in a run's record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Network::Bridge => "bridge",
            Network::Host => "host",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Network> {
        [Network::Bridge, Network::Host].into_iter().find(|network| network.name() == name)
    }
}

/// What a backend needs to begin.
#[derive(Clone, Copy)]
pub struct Opening<'a> {
    /// Where everything lies.
    pub workspace: &'a Workspace,
    /// The CPUs that this process may use.
    pub usable: &'a Cpus,
    /// Where the parts shall run, if anyone said so.
    pub placement: Option<&'a Placement>,
    /// Who will be measured.
    pub servers: &'a [Server],
    /// Of [`Kind::Attached`]: where a server is, with `{name}` for its name.
    pub at: Option<&'a str>,
    /// Of [`Kind::Docker`].
    pub network: Network,
    /// Of [`Kind::Docker`]: whether CPU sets are the only limit of CPU time.
    pub no_quota: bool,
    /// Interrupts the start-up.
    pub stop: &'a Stop,
}

/// Opens a backend: afterwards the services that its servers need answer.
///
/// # Errors
/// What is wrong and what mends it, in one sentence; or the interruption.
pub fn open<'a>(kind: Kind, opening: Opening<'a>) -> Result<Box<dyn Backend + 'a>, Error> {
    Ok(match kind {
        Kind::Local => Box::new(local::Local::open(opening)?),
        Kind::Docker => Box::new(docker::Docker::open(opening)?),
        Kind::Attached => Box::new(attached::Attached::open(opening)?),
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

    /// Puts everything in its place: after the table is seeded, and before the first server starts.
    ///
    /// # Errors
    /// When something cannot be placed or observed.
    fn settle(&mut self) -> Result<(), Error>;

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
