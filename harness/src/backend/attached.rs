//! Servers that are up already, side by side, in containers on this machine: neither started nor stopped, and observed by
//! their control groups. So the harness can be one container among them, without the engine's socket.

use std::convert::Infallible;
use std::env;
use std::fs;
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::Child;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{AddressTemplate, Backend, BuildInfo, Context, Instance, healthy, local};
use crate::database::{Counters, Database};
use crate::definition::Server;
use crate::failure::{Error, Failed, Stage};
use crate::format::containers::Containers;
use crate::observe::container::Container;
use crate::observe::meter::Meter;
use crate::observe::netns;
use crate::os::cgroup::{self, Limits};
use crate::os::machine;
use crate::os::part::PerPart;
use crate::os::placement::{Cpus, Placement};
use crate::os::process;
use crate::os::stop::{Stop, WaitError, wait_until};
use crate::service::{self, Service, Services};

/// How long servers that are started with the harness may take to have an address.
const APPEAR_TIMEOUT: Duration = Duration::from_secs(30);

/// Servers that are up already.
pub struct Attached {
    at: AddressTemplate,
    services: Services,
    /// The process by which the database's container is known, if the servers need a database.
    db: Option<u32>,
    placement: Placement,
    containers: Containers,
}

impl Attached {
    /// Finds the database's container and a server's.
    ///
    /// # Errors
    /// When they cannot be seen from here.
    pub(super) fn open(at: AddressTemplate, context: Context<'_>) -> Result<Attached, Error> {
        if let Some(server) = context.servers.iter().find(|server| server.pool_size.is_some()) {
            return Err(Error::Failed(format!(
                "{} needs {} database connections, and servers that are up already keep the number that they were started \
                 with: leave out the studies that have pool sizes, or --backend attached",
                server.name,
                server.pool_size()
            )));
        }
        let needed = service::needed(context.servers);
        let unset = |service: &&dyn Service| {
            env::var_os(service.variable()).is_none_or(|url| url.is_empty())
        };
        if let Some(service) = needed.iter().copied().find(unset) {
            return Err(Error::Failed(format!(
                "set {} to the {} that the servers query",
                service.variable(),
                service.name()
            )));
        }
        let services = Services::acquire(context.workspace.root(), &needed)?;
        let db = services.database().map(database_container).transpose()?;
        // All servers have the same limits: any of them shows what they are.
        let find = || {
            context.servers.iter().find_map(|server| {
                let address = resolve(&at, server).ok()?;
                Container::of(contained(address, "the server").ok()?).ok()
            })
        };
        let server =
            in_time(context.stop, || find().ok_or_else(|| hidden("the servers")))?.limits();
        let db_limits = db.map(Container::of).transpose();
        let db_limits = db_limits.map_err(|error| Error::Failed(error.to_string()))?;
        let given = PerPart {
            server: Some(server),
            db: db_limits.map(|container| container.limits()),
            load: Some(cgroup::limits()),
        };
        let all = machine_cpus(context.usable);
        let placement = placement(&given.clone().map(Option::unwrap_or_default), &all);
        let asked = asked(|name| env::var(name).ok());
        let containers = Containers {
            scaled: is_scaled(&asked, all.count(), machine::memory_mib()),
            side_by_side: true,
            images: PerPart { db: env::var("DB_IMAGE").ok(), ..PerPart::default() },
            asked,
            given,
            ..Containers::default()
        };
        if containers.scaled {
            eprintln!(
                "stackmark: this machine has {} CPUs and {} MiB, less than the limits add up to: the kernel divides \
                 its CPUs in proportion, and the run is marked as scaled",
                all.count(),
                machine::memory_mib()
            );
        }
        eprintln!("stackmark: the servers are up side by side, and stay so after the run");
        Ok(Attached { at, services, db, placement, containers })
    }
}

impl Backend for Attached {
    fn services(&self) -> &Services {
        &self.services
    }

    fn prepare(&mut self, stop: &Stop) -> Result<(), Error> {
        Ok(self.services.seed(stop)?)
    }

    /// The built is what the server that runs says of itself.
    fn build(&mut self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>> {
        #[derive(Deserialize)]
        struct Health {
            version: String,
        }
        let body = in_time(stop, || resolve(&self.at, server))
            .and_then(|address| healthy::wait(address, stop, || Ok(()), failed))
            .map_err(|error| error.at(Stage::Start))?;
        let health: Health = serde_json::from_slice(&body).map_err(|error| {
            Error::Failed(format!("its /health names no version ({error})")).at(Stage::Version)
        })?;
        Ok(BuildInfo { version: health.version, image: None })
    }

    fn start(&mut self, server: &Server, stop: &Stop) -> Result<Box<dyn Instance>, Error> {
        let address = resolve(&self.at, server)?;
        healthy::wait(address, stop, || self.check_services(), failed)?;
        let pid = contained(address, "the server")?;
        Ok(Box::new(AttachedServer { address, pid }))
    }

    fn start_load(&mut self, shard: u32) -> Result<Child, Error> {
        local::start_load(shard, &self.placement.sets.load)
    }

    fn load_parts(&self, shards: &[Child]) -> Result<Vec<Meter>, Error> {
        Ok(local::parts(shards))
    }

    fn check_services(&self) -> Result<(), Error> {
        if self.db.is_none_or(process::is_running) {
            return Ok(());
        }
        Err(Error::ServiceLost("the database's container ended: see its log".into()))
    }

    fn database_part(&self) -> Option<Meter> {
        Meter::contained(self.db?).ok()
    }

    /// The servers' idle connections cannot be told apart here.
    fn database_counters(&self) -> Option<Counters> {
        None
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }

    fn containers(&self) -> Option<Containers> {
        Some(self.containers.clone())
    }

    fn close(self: Box<Self>) -> Result<(), Error> {
        Ok(self.services.stop()?)
    }
}

/// A server that stays up.
struct AttachedServer {
    address: SocketAddr,
    pid: u32,
}

impl Instance for AttachedServer {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn part(&mut self) -> Result<Meter, Error> {
        Meter::contained(self.pid).map_err(|_| self.gone())
    }

    fn gone(&mut self) -> Error {
        Error::Failed("its container is gone, or was restarted: see its log".into())
    }

    fn stop(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}

fn failed(how: &str) -> Error {
    Error::Failed(how.to_owned())
}

/// Calls `find` until it succeeds: containers that start together appear one after the other.
///
/// # Errors
/// The last error of `find`, or the interruption.
fn in_time<T>(stop: &Stop, find: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    let mut last = Error::Interrupted;
    let found = wait_until(Instant::now() + APPEAR_TIMEOUT, stop, || {
        Ok::<_, Infallible>(find().map_err(|error| last = error).ok())
    });
    found.map_err(|error| match error {
        WaitError::Interrupted => Error::Interrupted,
        WaitError::TimedOut => last,
        WaitError::Failed(never) => match never {},
    })
}

/// Where `server` is.
fn resolve(at: &AddressTemplate, server: &Server) -> Result<SocketAddr, Error> {
    let place = at.of(server);
    let found = place.to_socket_addrs().ok().and_then(|mut all| all.next());
    found.ok_or_else(|| {
        Error::Failed(format!("there is nothing at {place}: bring it up, or correct --at"))
    })
}

/// The process by which the database's container is known.
fn database_container(database: &Database) -> Result<u32, Error> {
    let address = database.address();
    let address = address.map_err(|error| {
        Error::Failed(format!("the database cannot be found ({error}): correct its URL"))
    })?;
    contained(address, "the database")
}

/// The process by which the container at `address` is known.
fn contained(address: SocketAddr, what: &str) -> Result<u32, Error> {
    netns::pid_of_address(address.ip()).ok_or_else(|| hidden(what))
}

fn hidden(what: &str) -> Error {
    Error::Failed(format!(
        "{what} cannot be observed from here: run the harness on their machine, in a container of its own with that \
         machine's process numbers and control groups (pid: host, cgroup: host)"
    ))
}

/// All CPUs of the machine, which a container may not be allowed to use.
fn machine_cpus(usable: &Cpus) -> Cpus {
    let online = fs::read_to_string("/sys/devices/system/cpu/online").unwrap_or_default();
    Cpus::of_kernel(&online).unwrap_or_else(|| usable.clone())
}

/// The placement that the limits of each part amount to.
fn placement(given: &PerPart<Limits>, all: &Cpus) -> Placement {
    let sets =
        given.as_ref().map(|limits| Cpus::of_kernel(&limits.cpuset).unwrap_or_else(|| all.clone()));
    let quota = given
        .as_ref()
        .zip(sets.as_ref())
        .map(|(limits, set)| limits.cpus.filter(|quota| *quota < set.count() as f64));
    // Each shard of the load has a CPU of its own: as many as its quota lets run.
    let shards = quota.load.map_or(sets.load.count(), |quota| quota.ceil() as usize);
    let load: Cpus = sets.load.iter().skip(sets.load.count() - shards).collect();
    Placement { sets: PerPart { load, ..sets }, quota: PerPart { load: None, ..quota } }
}

/// The limits that the environment variables of compose.yaml ask for.
fn asked(variable: impl Fn(&str) -> Option<String>) -> PerPart<Option<Limits>> {
    PerPart::from_fn(|part| {
        let name = part.name().to_uppercase();
        let cpus = variable(&format!("{name}_CPUS")).and_then(|cpus| cpus.parse().ok());
        let memory_mib =
            variable(&format!("{name}_MEMORY")).and_then(|size| machine::mib_of(&size));
        let limits = Limits { cpus, memory_mib, ..Limits::default() };
        Some(limits).filter(|limits| *limits != Limits::default())
    })
}

/// Whether the machine has less than all parts together ask for.
fn is_scaled(asked: &PerPart<Option<Limits>>, cpus: usize, memory_mib: u64) -> bool {
    let asked = || asked.iter().filter_map(|(_, limits)| limits.as_ref());
    let asked_cpus: f64 = asked().filter_map(|limits| limits.cpus).sum();
    let asked_memory: u64 = asked().filter_map(|limits| limits.memory_mib).sum();
    asked_cpus > cpus as f64 || asked_memory > memory_mib
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(cpus: f64, cpuset: &str) -> Limits {
        Limits { cpus: Some(cpus), cpuset: cpuset.into(), memory_mib: None }
    }

    #[test]
    fn parts_run_where_their_groups_let_them_and_as_much() {
        let given = PerPart {
            server: limits(6.0, "0-31"),
            db: limits(16.0, "0-15"),
            load: limits(4.0, ""),
        };
        let placement = placement(&given, &(0..32).collect());
        assert_eq!(placement.to_string(), "server=0-31,db=0-15,load=28-31");
        assert_eq!(placement.quota, PerPart { server: Some(6.0), ..PerPart::default() });
    }

    #[test]
    fn what_the_machine_does_not_have_is_scaled() {
        let variable = |name: &str| match name {
            "SERVER_CPUS" => Some("6".to_owned()),
            "DB_CPUS" => Some("16".to_owned()),
            "DB_MEMORY" => Some("64g".to_owned()),
            _ => None,
        };
        let asked = asked(variable);
        assert_eq!(
            asked.db,
            Some(Limits { cpus: Some(16.0), memory_mib: Some(65_536), ..Limits::default() })
        );
        assert_eq!(asked.load, None);
        assert!(!is_scaled(&asked, 22, 65_536));
        assert!(is_scaled(&asked, 21, 65_536));
        assert!(is_scaled(&asked, 22, 65_535));
    }
}
