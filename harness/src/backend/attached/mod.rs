//! Servers that are up already, side by side, in containers on this machine: neither started nor stopped, and observed by
//! their control groups. So the harness can be one container among them, without the engine's socket.

mod limits;
mod servers;

use std::env;

use super::limits::Asked;
use super::load::IdleShards;
use super::{AddressTemplate, Backend, BuildInfo, Builder, Context, Instance, RunningLoad, local};
use crate::database::{Counters, Database};
use crate::definition::Server;
use crate::failure::{Error, Failed};
use crate::format::site::Site;
use crate::load::LoadSpec;
use crate::observe::container::{Contained, Container};
use crate::observe::meter::Meter;
use crate::os::cgroup::{self, Limits};
use crate::os::part::PerPart;
use crate::os::placement::Placement;
use crate::os::process;
use crate::os::stop::Stop;
use crate::service::{self, Lease, Service, Services};
use servers::{first_process, in_time};

pub(super) use servers::Servers;

/// Servers that are up already, and the database that they query.
pub(super) struct Attached {
    servers: Servers,
    services: Services,
    /// The first process of the database's container, if the servers need a database.
    db: Option<u32>,
    placement: Placement,
    site: Site,
    loads: IdleShards,
}

impl Attached {
    /// Finds the database's container and a server's.
    ///
    /// # Errors
    /// When they cannot be seen from here.
    pub(super) fn open(at: AddressTemplate, context: Context<'_>) -> Result<Attached, Error> {
        let servers = Servers { at };
        check_pool_sizes(context.servers)?;
        let needed = service::needed(context.servers)?;
        check_variables(&needed)?;
        let services = Services::acquire(context.workspace.root(), &needed, context.stop)?;
        let lease = services.iter().find(|lease| lease.database().is_some());
        let db = lease.and_then(Lease::database).map(database_container).transpose()?;
        let image = lease.map(|lease| format!("{}_IMAGE", lease.service().need().to_uppercase()));
        let image = image.and_then(|variable| env::var(variable).ok());
        let given = PerPart {
            server: Some(server_limits(&servers, context)?),
            db: db.map(limits_of).transpose()?,
            load: Some(cgroup::limits()),
        };
        let all = limits::machine_cpus(context.usable);
        let placement = limits::placement(&given, &all);
        let asked = Asked::by_variables(|name| env::var(name).ok());
        let site = Site {
            scaled: limits::is_scaled(&asked, &all),
            side_by_side: true,
            images: PerPart { db: image, ..PerPart::default() },
            asked: asked.0,
            given,
            ..Site::default()
        };
        eprintln!("stackmark: the servers are up side by side, and stay so after the run");
        let loads = IdleShards::default();
        Ok(Attached { servers, services, db, placement, site, loads })
    }
}

impl Builder for Attached {
    fn build(&mut self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>> {
        self.servers.build(server, stop)
    }
}

impl Backend for Attached {
    fn services(&self) -> &Services {
        &self.services
    }

    /// Everything is in its place already.
    fn prepare(&mut self, stop: &Stop) -> Result<(), Error> {
        Ok(self.services.seed(stop)?)
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }

    fn site(&self) -> Option<Site> {
        Some(self.site.clone())
    }

    fn start(&mut self, server: &Server, stop: &Stop) -> Result<Box<dyn Instance>, Error> {
        self.servers.running(server, || self.check_services(), stop)
    }

    fn start_load(
        &mut self,
        shards: &[LoadSpec],
        stop: &Stop,
    ) -> Result<Box<dyn RunningLoad>, Error> {
        local::start_load(&self.loads, shards, &self.placement.sets.load, stop)
    }

    fn check_services(&self) -> Result<(), Error> {
        if self.db.is_none_or(process::is_running) {
            return Ok(());
        }
        Err(Error::ServiceLost("the database's container ended: see its log".into()))
    }

    fn database_meter(&self, server: &Server) -> Option<Box<dyn Meter>> {
        self.services.database(server)?;
        Some(Box::new(Contained::of(self.db?).ok()?))
    }

    /// Absent: the idle connections of all servers query the database too.
    fn database_counters(&self, _: &Server) -> Option<Counters> {
        None
    }

    fn close(self: Box<Self>) -> Result<(), Error> {
        Ok(self.services.stop()?)
    }
}

/// Passes if no server needs another number of connections than it was started with.
fn check_pool_sizes(servers: &[Server]) -> Result<(), Error> {
    let Some(server) = servers.iter().find(|server| server.pool_size.is_some()) else {
        return Ok(());
    };
    Err(Error::Failed(format!(
        "{} needs {} database connections, and servers that are up already keep the number that they were started with: \
         leave out the studies that have pool sizes, or --backend attached",
        server.name,
        server.pool_size()
    )))
}

/// Passes if each service that the servers need is named by its variable, which can name one of two databases only.
fn check_variables(needed: &[&'static dyn Service]) -> Result<(), Error> {
    for service in needed {
        if !service::is_external(*service)? {
            return Err(Error::Failed(format!(
                "set {} to the {} that the servers query, and leave out by -s those that query another database",
                service.variable(),
                service.need()
            )));
        }
    }
    Ok(())
}

/// The first process of the database's container.
fn database_container(database: &Database) -> Result<u32, Error> {
    let address = database.address();
    let address = address.map_err(|error| {
        Error::Failed(format!("the database cannot be found ({error}): correct its URL"))
    })?;
    first_process(address, "the database")
}

/// The limits of the first server that is found: all servers have the same.
fn server_limits(servers: &Servers, context: Context<'_>) -> Result<Limits, Error> {
    in_time(context.stop, || {
        let mut first = None;
        for server in context.servers {
            let found =
                servers.address(server).and_then(|address| first_process(address, "the server"));
            match found.and_then(limits_of) {
                Ok(limits) => return Ok(limits),
                Err(error) => drop(first.get_or_insert(error)),
            }
        }
        Err(first.unwrap_or_else(|| Error::Failed("there is no server to measure".into())))
    })
}

/// The limits of the container whose first process is `pid`.
fn limits_of(pid: u32) -> Result<Limits, Error> {
    let container = Container::of(pid).map_err(|error| Error::Failed(error.to_string()))?;
    Ok(container.limits())
}
