//! Containers on this machine's Docker engine, driven by docker's command line and compose.yaml: the databases that servers
//! need, the load, and the servers, each with its limits and on its part's CPUs.

mod cli;
mod compose_env;
mod config;
mod container;
mod database;
mod images;
mod project;
mod server;
mod startup;
mod teardown;

use std::net::SocketAddr;
use std::process::{Child, Stdio};

use nix::sys::signal::Signal;

use super::limits;
use super::load::{IdleShards, Metered};
use super::{Backend, BuildInfo, Builder, Context, Instance, Network, RunningLoad, healthy};
use crate::database::Counters;
use crate::definition::Server;
use crate::failure::{Error, Failed};
use crate::format::site::Site;
use crate::load::LoadSpec;
use crate::observe::meter::Meter;
use crate::os::cgroup::Limits;
use crate::os::part::PerPart;
use crate::os::placement::Placement;
use crate::os::stop::Stop;
use crate::os::{machine, port, process};
use crate::service::{self, Services};
use cli::Cli;
use container::Container;
use database::DatabaseContainer;
use project::Project;
use server::ServerContainer;
use teardown::Teardown;

pub(super) use images::Images;

/// The port of a server in a network of its own.
const SERVER_PORT: u16 = 8080;

/// The options that a user has.
pub(super) struct Options {
    /// The CPUs of each part; without a value, as compose.yaml asks.
    pub(super) placement: Option<Placement>,
    /// How the containers are joined.
    pub(super) network: Network,
    /// Whether CPU sets are the only limit of CPU time.
    pub(super) no_quota: bool,
}

/// Containers on this machine's engine.
pub(super) struct Docker<'a> {
    context: Context<'a>,
    // Before the teardown, so that no connection outlives its database.
    services: Services,
    cli: Cli,
    databases: Vec<DatabaseContainer>,
    load: Container,
    network: Network,
    placement: Placement,
    site: Site,
    // Before the teardown: they are clients of the engine.
    loads: IdleShards,
    teardown: Teardown,
}

impl<'a> Docker<'a> {
    /// Builds the load's image, starts the databases that the servers need, and the load, and measures the network between
    /// the load and a server.
    ///
    /// # Errors
    /// When there is no engine, or it refuses, or a server needs a service that has no container.
    pub(super) fn open(options: Options, context: Context<'a>) -> Result<Docker<'a>, Error> {
        let Context { usable, servers, stop, .. } = context;
        let needed = service::needed(servers)?;
        let needs: Vec<&str> = needed.iter().map(|service| service.need()).collect();
        let Project { mut cli, config, engine, compose, lock } = Project::open(context)?;
        database::check(&config, &needs)?;
        startup::warn_of_others(&cli, stop)?;
        let asked = config.asked();
        let given = asked.divide(usable, machine::memory_mib());
        let placement = options.placement.clone().unwrap_or_else(|| given.placement.clone());
        let scaled = given.less_memory || asked.exceed_cpus_of(&placement);
        compose_env::set(&mut cli, &options, context, &needs, &given, &placement)?;
        if scaled {
            eprintln!(
                "stackmark: the limits are less than compose.yaml asks for, in proportion to what this machine has, and \
                 the run is marked as scaled: CPUs {placement}"
            );
        }
        images::prepare(&cli, &config, context, &needs)?;

        let teardown = Teardown::start(&cli, lock)?;
        let start = |service| DatabaseContainer::start(&cli, service, stop);
        let databases: Vec<_> = needed.into_iter().map(start).collect::<Result<_, _>>()?;
        let leases = databases.iter().map(|database| database.lease(&cli, stop));
        let services: Services = leases.collect::<Result<_, _>>()?;
        let load = startup::load(&cli, stop)?;
        let (netprobe, of_server) = startup::netprobe(&cli, &load, stop)?;
        let of_databases = databases.iter().map(|database| startup::limits_of(&database.container));
        let of_databases: Vec<Limits> = of_databases.collect::<Result<_, _>>()?;
        let limits = PerPart {
            server: vec![of_server],
            db: of_databases,
            load: vec![startup::limits_of(&load)?],
        };
        for (part, cpus) in placement.sets.iter() {
            for limits in limits.get(part) {
                limits::check(part, cpus, !options.no_quota, limits)?;
            }
        }
        let image = |service: &str, container: &Container| {
            let named = config.image(service).map_or(String::new(), |name| format!("{name} "));
            format!("{named}{}", container.image)
        };
        let of_databases = databases.iter().map(|of| image(of.service.need(), &of.container));
        let of_databases: Vec<String> = of_databases.collect();
        let images = PerPart {
            server: None,
            db: Some(of_databases.join(", ")).filter(|images| !images.is_empty()),
            load: Some(image("load", &load)),
        };
        let site = Site {
            engine,
            compose,
            network: options.network.name().into(),
            scaled,
            side_by_side: false,
            asked: asked.0,
            // Those of one part are equal, or the check would have failed.
            given: limits.map(|limits| limits.into_iter().next()),
            images,
            netprobe: Some(netprobe),
        };
        Ok(Docker {
            context,
            services,
            cli,
            databases,
            load,
            network: options.network,
            placement,
            site,
            loads: IdleShards::default(),
            teardown,
        })
    }

    fn try_start(&mut self, server: &Server, stop: &Stop) -> Result<Box<dyn Instance>, Error> {
        let bound = match self.network {
            Network::Host => {
                let free = port::free_address();
                Some(free.map_err(|error| Error::Failed(format!("no free port: {error}")))?)
            }
            Network::Bridge => None,
        };
        if let Some(bound) = bound {
            self.cli.set("SERVER_BIND", bound.to_string());
        }
        self.cli.set("POOL_SIZE", server.pool_size().to_string());
        let container = Container::start(&self.cli, server.original(), stop)?;
        let address = container.address.map(|ip| SocketAddr::new(ip, SERVER_PORT)).or(bound);
        let Some(address) = address else {
            return Err(container.error(&self.cli, "has no address in the project's network"));
        };
        let running = ServerContainer::new(self.cli.clone(), container, address);
        let alive = || {
            self.check_services()?;
            running.check_alive()
        };
        healthy::wait(address, stop, alive, |how| running.error(how))?;
        Ok(Box::new(running))
    }

    /// Starts a shard of the load in the load's container.
    fn spawn_shard(&self, shard: u32) -> Result<Child, Error> {
        let cpus = &self.placement.sets.load;
        let cpu = cpus.in_turn(shard).to_string();
        let exec =
            ["exec", "--interactive", &self.load.id, "stackmark", "load", "--spec", "--cpu", &cpu];
        let mut command = self.cli.docker(&exec);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        process::spawn_tied(&mut command, Some(cpus), Signal::SIGKILL)
            .map_err(|error| Error::Failed(format!("it cannot be started: {error}")))
    }
}

impl Builder for Docker<'_> {
    fn build(&mut self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>> {
        images::build_server(&self.cli, self.context, server, stop)
            .map_err(|error| self.cli.unless_engine_is_lost(error))
    }
}

impl Backend for Docker<'_> {
    fn services(&self) -> &Services {
        &self.services
    }

    /// The containers are in their places; the harness, which must not disturb the server, goes to the load's.
    fn prepare(&mut self, stop: &Stop) -> Result<(), Error> {
        self.services.seed(stop)?;
        self.services.begin_counting();
        self.cli.place(&self.placement.sets.load);
        process::place(std::process::id(), &self.placement.sets.load).map_err(|error| {
            Error::Failed(format!("cannot place the harness on its CPUs: {error}"))
        })
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }

    fn site(&self) -> Option<Site> {
        Some(self.site.clone())
    }

    fn start(&mut self, server: &Server, stop: &Stop) -> Result<Box<dyn Instance>, Error> {
        self.try_start(server, stop).map_err(|error| self.cli.unless_engine_is_lost(error))
    }

    /// All shards are in one container, by whose control groups they are observed.
    fn start_load(
        &mut self,
        shards: &[LoadSpec],
        stop: &Stop,
    ) -> Result<Box<dyn RunningLoad>, Error> {
        let metered = Metered::Container(self.load.pid);
        self.loads.start(shards, metered, |shard| self.spawn_shard(shard), stop)
    }

    fn check_services(&self) -> Result<(), Error> {
        let databases = self.databases.iter().map(|of| (of.service.need(), &of.container));
        let mut all = databases.chain([("load", &self.load)]);
        match all.find(|(_, container)| !container.is_running()) {
            None => Ok(()),
            Some((name, container)) => {
                let how = container.ended(&self.cli);
                Err(Error::ServiceLost(format!("the container of {name} {how}")))
            }
        }
    }

    fn database_meter(&self, server: &Server) -> Option<Box<dyn Meter>> {
        let needed = self.services.database_lease(server)?.service().name();
        let database = self.databases.iter().find(|of| of.service.name() == needed)?;
        database.container.meter().ok()
    }

    fn database_counters(&self, server: &Server) -> Option<Counters> {
        self.services.counters(server)
    }

    fn close(self: Box<Self>) -> Result<(), Error> {
        let Docker { services, loads, mut teardown, .. } = *self;
        drop(loads);
        services.stop()?;
        teardown.close()
    }
}
