//! Containers on this machine's Docker engine, driven by docker's command line and compose.yaml: the database, the load and
//! one server at a time, each with its limits and on its own CPUs.

mod cli;
mod compose_env;
mod container;
mod limits;
mod server;
mod startup;
mod teardown;

use std::net::SocketAddr;
use std::process::{Child, Stdio};

use nix::sys::signal::Signal;

use super::{Backend, BuildInfo, Context, Instance, Network, healthy, local};
use crate::backend::build;
use crate::database::Counters;
use crate::database::counters::CounterReader;
use crate::definition::Server;
use crate::failure::{Error, Failed, Stage};
use crate::format::containers::Containers;
use crate::observe::meter::Meter;
use crate::os::cgroup::Limits;
use crate::os::machine;
use crate::os::part::{Part, PerPart};
use crate::os::placement::{Cpus, Placement};
use crate::os::process;
use crate::os::stop::Stop;
use crate::service::{self, Service, Services};
use crate::workspace::Workspace;
use cli::Cli;
use container::Container;
use limits::Config;
use server::Running;
use teardown::Keeper;

/// Where a server listens in a network of its own.
const SERVER_PORT: u16 = 8080;

/// What a user may choose.
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
    workspace: &'a Workspace,
    usable: &'a Cpus,
    // Before the teardown, so that no connection outlives the database.
    services: Services,
    cli: Cli,
    /// The database's container, if the servers need a database.
    db: Option<Container>,
    load: Container,
    network: Network,
    placement: Placement,
    containers: Containers,
    counting: Option<CounterReader>,
    teardown: Keeper,
}

impl<'a> Docker<'a> {
    /// Builds the load's image, starts the database, if a server needs one, and the load, and measures the network between
    /// the load and a server.
    ///
    /// # Errors
    /// When there is no engine, or it refuses.
    pub(super) fn open(options: Options, context: Context<'a>) -> Result<Docker<'a>, Error> {
        let Context { workspace, usable, servers, stop } = context;
        let mut cli = Cli::new(workspace.root(), usable);
        let (engine, compose) = cli.versions(stop)?;
        let lock = startup::lock(workspace, stop)?;
        startup::clear(&cli, workspace.root(), stop)?;
        let config = cli.ask(cli.compose(&["config", "--format", "json"]), stop)?;
        let config = Config::parse(&config).map_err(|error| {
            Error::Failed(format!("compose.yaml is not as it should be: {error}"))
        })?;
        if let Some(server) = servers.iter().find(|server| !config.has(server.original())) {
            return Err(Error::Failed(format!(
                "compose.yaml has no service for {}: add it, as CONTRIBUTING.md says",
                server.original()
            )));
        }
        let asked = config.asked();
        let given = limits::give(&asked, usable, machine::memory_mib());
        let placement = options.placement.clone().unwrap_or_else(|| given.placement.clone());
        let scaled = given.less_memory || limits::has_fewer(&asked, &placement);
        compose_env::tell(&mut cli, &options, context, &given, &placement)?;
        if let Some(commit) = machine::commit(workspace.root()) {
            cli.set("COMMIT", commit);
        }
        if scaled {
            eprintln!(
                "stackmark: the limits are less than compose.yaml asks for, in proportion to what this machine has, and \
                 the run is marked as scaled: CPUs {placement}"
            );
        }
        let needed = service::needed(servers);
        startup::images(&cli, &config, context, !needed.is_empty())?;

        let teardown = Keeper::start(&cli, lock)
            .map_err(|error| Error::Failed(format!("`sh` cannot be started: {error}")))?;
        let does_not_start = |what: &str, error: Error| {
            error.map(|why| format!("the {what}'s container does not start: {why}"))
        };
        let start_database = |service: &&'static dyn Service| {
            let db = Container::start(&cli, "db", stop)
                .map_err(|error| does_not_start("database", error))?;
            let lease = startup::connect(&cli, &db, *service, stop)?;
            Ok::<_, Error>((db, lease))
        };
        let (db, lease) = needed.first().map(start_database).transpose()?.unzip();
        let services: Services = lease.into_iter().collect();
        let load =
            Container::start(&cli, "load", stop).map_err(|error| does_not_start("load", error))?;
        let (netprobe, of_server) = startup::netprobe(&cli, &load, stop)?;
        let limits = PerPart {
            server: Some(of_server),
            db: db.as_ref().map(startup::limits_of).transpose()?,
            load: Some(startup::limits_of(&load)?),
        };
        for (part, cpus) in placement.sets.iter() {
            if let Some(limits) = limits.get(part) {
                holds(part, cpus, limits, options.no_quota)?;
            }
        }
        let image = |service: &str, container: &Container| {
            let named = config.image(service).map_or(String::new(), |name| format!("{name} "));
            Some(format!("{named}{}", container.image))
        };
        let images = PerPart {
            server: None,
            db: db.as_ref().and_then(|db| image("db", db)),
            load: image("load", &load),
        };
        let containers = Containers {
            engine,
            compose,
            network: options.network.name().into(),
            scaled,
            side_by_side: false,
            asked,
            given: limits,
            images,
            netprobe: Some(netprobe),
        };
        Ok(Docker {
            workspace,
            usable,
            services,
            cli,
            db,
            load,
            network: options.network,
            placement,
            containers,
            counting: None,
            teardown,
        })
    }
}

impl Backend for Docker<'_> {
    fn services(&self) -> &Services {
        &self.services
    }

    /// The containers are in their places; the harness, which must not disturb the server, goes to the load's.
    fn prepare(&mut self, stop: &Stop) -> Result<(), Error> {
        self.services.seed(stop)?;
        self.counting = self.services.database().and_then(CounterReader::new);
        self.cli.place(&self.placement.sets.load);
        process::place(std::process::id(), &self.placement.sets.load).map_err(|error| {
            Error::Failed(format!("cannot place the harness on its CPUs: {error}"))
        })
    }

    fn build(&mut self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>> {
        self.try_build(server, stop).map_err(|error| self.unless_the_engine_is_lost(error))
    }

    fn start(&mut self, server: &Server, stop: &Stop) -> Result<Box<dyn Instance>, Error> {
        self.try_start(server, stop).map_err(|error| self.unless_the_engine_is_lost(error))
    }

    fn start_load(&mut self, shard: u32) -> Result<Child, Error> {
        let cpu = self.placement.sets.load.in_turn(shard).to_string();
        let exec =
            ["exec", "--interactive", &self.load.id, "stackmark", "load", "--spec", "--cpu", &cpu];
        let mut command = self.cli.docker(&exec);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        process::spawn_tied(&mut command, Some(&self.placement.sets.load), Signal::SIGKILL)
            .map_err(|error| Error::Failed(format!("it cannot be started: {error}")))
    }

    /// All shards are in one container.
    fn load_parts(&self, _: &[Child]) -> Result<Vec<Meter>, Error> {
        Ok(vec![self.load.part()?])
    }

    fn check_services(&self) -> Result<(), Error> {
        let ended = |part: &str, container: &Container| {
            let how = container.ended(&self.cli);
            Err(Error::ServiceLost(format!("the {part}'s container {how}")))
        };
        match &self.db {
            Some(db) if !db.is_running() => ended("database", db),
            _ if !self.load.is_running() => ended("load", &self.load),
            _ => Ok(()),
        }
    }

    fn database_part(&self) -> Option<Meter> {
        self.db.as_ref()?.part().ok()
    }

    fn database_counters(&self) -> Option<Counters> {
        self.counting.as_ref()?.read(self.services.database()?)
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }

    fn containers(&self) -> Option<Containers> {
        Some(self.containers.clone())
    }

    fn close(self: Box<Self>) -> Result<(), Error> {
        let Docker { services, mut teardown, .. } = *self;
        services.stop()?;
        teardown.close()
    }
}

impl Docker<'_> {
    fn try_build(&self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>> {
        let service = server.original();
        let mut command = self.cli.compose(&["build", service]);
        build::logged(&mut command, self.workspace, service, self.usable, stop)
            .map_err(|error| error.at(Stage::Build))?;
        let failed = |error: Error| error.at(Stage::Version);
        let run = ["run", "--rm", "--no-deps", "--no-TTY", service, "--version"];
        let version = self.cli.ask(self.cli.compose(&run), stop).map_err(failed)?;
        let image = ["image", "inspect", "--format", "{{.Id}}"];
        let image =
            self.cli.ask(self.cli.docker(&[&image[..], &[&self.image(service)]].concat()), stop);
        match version.lines().next().map(str::trim) {
            Some(line) if !line.is_empty() => Ok(BuildInfo {
                version: line.to_owned(),
                image: Some(image.map_err(failed)?.trim().to_owned()),
            }),
            _ => Err(failed(Error::Failed("its image printed no version".into()))),
        }
    }

    fn try_start(&mut self, server: &Server, stop: &Stop) -> Result<Box<dyn Instance>, Error> {
        let bound = match self.network {
            Network::Host => Some(local::free_address()?),
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
        let running = Running::new(self.cli.clone(), container, address);
        let alive = || {
            self.check_services()?;
            running.check_alive()
        };
        healthy::wait(address, stop, alive, |how| running.error(how))?;
        Ok(Box::new(running))
    }

    /// The error of a server, or else the loss of the engine: then nothing is the server's fault.
    fn unless_the_engine_is_lost<F>(&self, error: Error<F>) -> Error<F> {
        match self.cli.versions(&Stop::never()) {
            Err(Error::Failed(how)) if matches!(error, Error::Failed(_)) => Error::ServiceLost(how),
            _ => error,
        }
    }

    /// The image that compose makes for a service.
    fn image(&self, service: &str) -> String {
        format!("{}-{service}", self.cli.project())
    }
}

/// That the kernel limits a part as it was told: an engine may only warn that it cannot.
fn holds(part: Part, cpus: &Cpus, limits: &Limits, no_quota: bool) -> Result<(), Error> {
    let quota = (!no_quota).then_some(cpus.count() as f64);
    let set = Cpus::of_kernel(&limits.cpuset);
    if limits.cpus == quota && set.as_ref() == Some(cpus) && limits.memory_mib.is_some() {
        return Ok(());
    }
    Err(Error::Failed(format!(
        "the engine does not limit the {part} as it was told (CPUs {cpus}), but to {limits:?}: enable the kernel's control \
         groups for CPU time, CPU sets and memory"
    )))
}
