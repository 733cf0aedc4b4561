//! Containers on this machine's Docker engine, driven by docker's command line and compose.yaml: the database, the load and
//! one server at a time, each with its limits and on its own CPUs.

mod cli;
mod container;
mod keeper;
mod limits;
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::counting::Counting;
use super::healthy::{self, Unhealthy};
use super::{Backend, BackendError, Instance, Network, Opening, Receipt};
use crate::build;
use crate::database::{Counters, DatabaseUrl, Lease};
use crate::definition::Server;
use crate::format::containers::Containers;
use crate::format::journal::Stage;
use crate::machine;
use crate::observe::part::Part;
use crate::placement::{Cpus, Placement};
use crate::process;
use crate::wire::Wire;
use crate::workspace::Workspace;
use cli::Cli;
use container::Container;
use keeper::Keeper;
use limits::{Config, Given};
use server::Running;

/// Where a server listens in a network of its own.
const SERVER_PORT: u16 = 8080;
/// Where a database does.
const DATABASE_PORT: u16 = 3306;
/// Where the other end of the measured network does.
const WIRE_PORT: u16 = 7000;
/// How long a new database may take to make its files and answer.
const DATABASE_PATIENCE: Duration = Duration::from_secs(180);
/// How long the other end of the measured network may take to listen.
const WIRE_PATIENCE: Duration = Duration::from_secs(10);

/// Containers on this machine's engine.
pub(super) struct Docker<'a> {
    workspace: &'a Workspace,
    usable: &'a Cpus,
    // Before the keeper, so that no connection outlives the database.
    database: Lease,
    cli: Cli,
    db: Container,
    load: Container,
    network: Network,
    placement: Placement,
    containers: Containers,
    counting: Option<Counting>,
    keeper: Keeper,
}

impl<'a> Docker<'a> {
    /// Builds the load's image, brings the database and the load up, and measures the network between the load and a server.
    ///
    /// # Errors
    /// When there is no engine, or it refuses.
    pub(super) fn open(opening: Opening<'a>) -> Result<Docker<'a>, BackendError> {
        let Opening { workspace, usable, placement, servers, network, stop, .. } = opening;
        let mut cli = Cli::new(workspace.root(), usable);
        let (engine, compose) = cli.versions(stop)?;
        clear(&cli, workspace.root(), stop)?;
        let config = cli.ask(cli.compose(&["config", "--format", "json"]), stop)?;
        let config = Config::parse(&config).map_err(|error| {
            BackendError(format!("compose.yaml is not as it should be: {error}"))
        })?;
        if let Some(server) = servers.iter().find(|server| !config.has(server.original())) {
            return Err(BackendError(format!(
                "compose.yaml has no service for {}: add it, as CONTRIBUTING.md says",
                server.original()
            )));
        }
        let asked = config.asked();
        let given = limits::give(&asked, usable, machine::memory_mib());
        let placement = placement.unwrap_or(&given.placement).clone();
        tell(&mut cli, &given, &placement);
        if network == Network::Host {
            join_the_host(&mut cli)?;
        }
        overrule(&mut cli, opening)?;
        if let Some(commit) = machine::commit(workspace.root()) {
            cli.set("COMMIT", commit);
        }
        if given.scaled {
            eprintln!(
                "stackmark: this machine has less than compose.yaml asks for, so the limits are scaled down in proportion, \
                 and the run is marked as scaled: CPUs {placement}"
            );
        }
        eprintln!("stackmark: building the images; the first time takes a quarter of an hour");
        build::logged(
            &mut cli.compose(&["build", "load", "wire"]),
            workspace,
            "load",
            usable,
            stop,
        )
        .map_err(|why| BackendError(format!("the load's image cannot be built: {why}")))?;

        let keeper = Keeper::start(&cli)
            .map_err(|error| BackendError(format!("`sh` cannot be started: {error}")))?;
        let db = Container::start(&cli, "db", stop).map_err(|error| {
            BackendError(format!("the database's container does not start: {error}"))
        })?;
        let database = connect(&cli, &db, stop)?;
        let load = Container::start(&cli, "load", stop).map_err(|error| {
            BackendError(format!("the load's container does not start: {error}"))
        })?;
        let (wire, server_limits) = try_wire(&cli, &load, stop)?;
        let images = [("db", &db), ("load", &load)].map(|(service, container)| {
            let named = config.image(service).map_or(String::new(), |name| format!("{name} "));
            (service.to_owned(), format!("{named}{}", container.image))
        });
        let limits =
            [("server", Ok(server_limits)), ("db", limits_of(&db)), ("load", limits_of(&load))];
        let containers = Containers {
            engine,
            compose,
            network: network.name().into(),
            scaled: given.scaled,
            side_by_side: false,
            asked,
            given: limits
                .into_iter()
                .map(|(part, limits)| Ok((part.to_owned(), limits?)))
                .collect::<Result<BTreeMap<_, _>, BackendError>>()?,
            images: images.into(),
            wire: Some(wire),
        };
        Ok(Docker {
            workspace,
            usable,
            database,
            cli,
            db,
            load,
            network,
            placement,
            containers,
            counting: None,
            keeper,
        })
    }
}

impl Backend for Docker<'_> {
    fn lease(&self) -> &Lease {
        &self.database
    }

    /// The containers are in their places; the harness, which must not disturb the server, goes to the load's.
    fn settle(&mut self) -> Result<(), BackendError> {
        self.counting = Counting::new(&self.database);
        process::place(std::process::id(), &self.placement.load)
            .map_err(|error| BackendError(format!("cannot place the harness on its CPUs: {error}")))
    }

    fn build(&mut self, server: &Server, stop: &AtomicBool) -> Result<Receipt, (Stage, String)> {
        let service = server.original();
        let mut command = self.cli.compose(&["build", service]);
        build::logged(&mut command, self.workspace, service, self.usable, stop)
            .map_err(|why| (Stage::Build, why))?;
        let failed = |error: BackendError| (Stage::Version, error.0);
        let run = ["run", "--rm", "--no-deps", "--no-TTY", service, "--version"];
        let version = self.cli.ask(self.cli.compose(&run), stop).map_err(failed)?;
        let image = ["image", "inspect", "--format", "{{.Id}}"];
        let image =
            self.cli.ask(self.cli.docker(&[&image[..], &[&self.image(service)]].concat()), stop);
        match version.lines().next().map(str::trim) {
            Some(line) if !line.is_empty() => Ok(Receipt {
                version: line.to_owned(),
                image: Some(image.map_err(failed)?.trim().to_owned()),
            }),
            _ => Err((Stage::Version, "its image printed no version".into())),
        }
    }

    fn start(
        &mut self,
        server: &Server,
        stop: &AtomicBool,
    ) -> Result<Box<dyn Instance>, BackendError> {
        let bound = free_address()?;
        if self.network == Network::Host {
            self.cli.set("SERVER_BIND", bound.to_string());
        }
        let container = Container::start(&self.cli, server.original(), stop)?;
        let address = container.address.map_or(bound, |ip| SocketAddr::new(ip, SERVER_PORT));
        let running = Running::new(self.cli.clone(), container, address);
        let alive = || {
            self.check_database()?;
            running.check_alive()
        };
        match healthy::wait(address, stop, alive) {
            Ok(_) => Ok(Box::new(running)),
            Err(Unhealthy::Late(how)) => Err(running.error(&how)),
            Err(Unhealthy::Other(error)) => Err(error),
        }
    }

    fn start_load(&mut self, shard: u32) -> Result<Child, BackendError> {
        let cpu = self.placement.load.in_turn(shard).to_string();
        let exec =
            ["exec", "--interactive", &self.load.id, "stackmark", "load", "--spec", "--cpu", &cpu];
        let mut command = self.cli.docker(&exec);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        process::spawn_tied(&mut command, Some(&self.placement.load), Signal::SIGKILL)
            .map_err(|error| BackendError(format!("it cannot be started: {error}")))
    }

    /// All shards are in one container.
    fn load_parts(&self, _: &[Child]) -> Result<Vec<Part>, BackendError> {
        Ok(vec![self.load.part()?])
    }

    fn check_database(&self) -> Result<(), BackendError> {
        if self.db.is_running() {
            return Ok(());
        }
        let BackendError(how) = self.db.ended(&self.cli);
        Err(BackendError(format!(
            "the database's container {how}; the run ends with it, and what was measured stays: mend that, then go on with \
             `stackmark run --resume`"
        )))
    }

    fn database_part(&self) -> Option<Part> {
        self.db.part().ok()
    }

    fn database_counters(&self) -> Option<Counters> {
        self.counting.as_ref()?.read(&self.database)
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }

    fn containers(&self) -> Option<Containers> {
        Some(self.containers.clone())
    }

    fn close(self: Box<Self>) -> Result<(), BackendError> {
        let Docker { database, mut keeper, .. } = *self;
        database.stop()?;
        keeper.close()
    }
}

impl Docker<'_> {
    /// The image that compose makes for a service.
    fn image(&self, service: &str) -> String {
        format!("{}-{service}", self.cli.project())
    }
}

/// Makes sure that the project is this checkout's, and removes what a run that was killed may have left of it.
fn clear(cli: &Cli, root: &Path, stop: &AtomicBool) -> Result<(), BackendError> {
    let filter = format!("label=com.docker.compose.project={}", cli.project());
    let folder = "{{.Label \"com.docker.compose.project.working_dir\"}}";
    let listed =
        cli.ask(cli.docker(&["ps", "--all", "--filter", &filter, "--format", folder]), stop)?;
    let folders: Vec<&str> =
        listed.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if let Some(other) = folders.iter().find(|folder| Path::new(folder) != root) {
        return Err(BackendError(format!(
            "the compose project {} is that of {other}: set COMPOSE_PROJECT_NAME to another name",
            cli.project()
        )));
    }
    if !folders.is_empty() {
        eprintln!("stackmark: removing the containers that an earlier run left");
        cli.ask(cli.compose(&["down", "--remove-orphans", "--timeout", "6"]), stop)?;
    }
    let others = cli.ask(cli.docker(&["ps", "--quiet"]), stop)?;
    if !others.trim().is_empty() {
        eprintln!(
            "stackmark: {} other containers run on this engine and may disturb what is measured",
            others.lines().count()
        );
    }
    Ok(())
}

/// Tells compose.yaml what it shall give.
fn tell(cli: &mut Cli, given: &Given, placement: &Placement) {
    let kernels = |cpus: &Cpus| cpus.to_string().replace('+', ",");
    for (cpus, cpuset, own) in [
        ("SERVER_CPUS", "SERVER_CPUSET", &placement.server),
        ("DB_CPUS", "DB_CPUSET", &placement.db),
        ("LOAD_CPUS", "LOAD_CPUSET", &placement.load),
    ] {
        cli.set(cpus, own.count().to_string());
        cli.set(cpuset, kernels(own));
    }
    for (part, name) in [("server", "SERVER_MEMORY"), ("db", "DB_MEMORY"), ("load", "LOAD_MEMORY")]
    {
        if let Some(mib) = given.memory_mib.get(part) {
            cli.set(name, format!("{mib}m"));
        }
    }
    cli.set("WORKERS", placement.server.count().to_string());
    // The harness itself looks after its containers; the engine's looking would cost their CPU time.
    cli.set("NO_HEALTHCHECK", "true".into());
}

/// Gives the containers free ports of the loopback interface that they will share.
fn join_the_host(cli: &mut Cli) -> Result<(), BackendError> {
    let loopback = Ipv4Addr::LOCALHOST.to_string();
    cli.set("DB_HOST", loopback.clone());
    cli.set("DB_BIND", loopback);
    cli.set("DB_PORT", free_address()?.port().to_string());
    cli.set("WIRE_BIND", free_address()?.to_string());
    Ok(())
}

/// Overrules compose.yaml where no variable can: for experiments on what the bridge and a quota cost.
fn overrule(cli: &mut Cli, opening: Opening<'_>) -> Result<(), BackendError> {
    let host = (opening.network == Network::Host).then_some("network_mode: host");
    let free = opening.no_quota.then_some("cpu_quota: -1");
    let rules: Vec<&str> = host.into_iter().chain(free).collect();
    if rules.is_empty() {
        return Ok(());
    }
    let servers = opening.servers.iter().map(Server::original);
    let services: BTreeSet<&str> = ["db", "load", "wire"].into_iter().chain(servers).collect();
    let line = |name: &&str| format!("  {name:?}: {{ {} }}\n", rules.join(", "));
    let text: String = services.iter().map(line).collect();
    let folder = opening.workspace.private();
    let path = folder.join("compose.yaml");
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&path, format!("services:\n{text}")))
        .map_err(|error| BackendError(format!("{} cannot be written: {error}", path.display())))?;
    cli.add(path);
    Ok(())
}

/// Waits until the database answers.
fn connect(cli: &Cli, db: &Container, stop: &AtomicBool) -> Result<Lease, BackendError> {
    let deadline = Instant::now() + DATABASE_PATIENCE;
    let mut url: Option<DatabaseUrl> = None;
    let mut last = String::from("it tells no address");
    while Instant::now() < deadline {
        if stop.load(Ordering::Relaxed) {
            return Err(BackendError("interrupted".into()));
        }
        if !db.is_running() {
            return Err(BackendError(format!(
                "the database's container {} (the compose project is {})",
                db.ended(cli),
                cli.project()
            )));
        }
        if url.is_none() {
            let told = cli.ask(cli.docker(&["exec", &db.id, "cat", "/secrets/url"]), stop);
            let told = told.ok().filter(|told| told.contains("://"));
            let at = |told: String| {
                let url = DatabaseUrl::new(told.trim().to_owned());
                db.address.map_or(url.clone(), |ip| url.at(SocketAddr::new(ip, DATABASE_PORT)))
            };
            url = told.map(at);
        }
        if let Some(url) = &url {
            match Lease::external(url.clone()) {
                Ok(lease) => return Ok(lease),
                Err(error) => last = error.to_string(),
            }
        }
        thread::sleep(Duration::from_millis(200));
    }
    Err(db.error(
        cli,
        &format!("the database does not answer after {} s ({last})", DATABASE_PATIENCE.as_secs()),
    ))
}

fn limits_of(container: &Container) -> Result<crate::observe::cgroup::Limits, BackendError> {
    crate::observe::container::Container::of(container.pid)
        .map(|groups| groups.limits())
        .map_err(|error| BackendError(error.to_string()))
}

/// Measures the network between the load's container and one with a server's limits, and reads these.
fn try_wire(
    cli: &Cli,
    load: &Container,
    stop: &AtomicBool,
) -> Result<(Wire, crate::observe::cgroup::Limits), BackendError> {
    let failed =
        |error: BackendError| BackendError(format!("the network cannot be measured: {error}"));
    let other = Container::start(cli, "wire", stop).map_err(failed)?;
    let address = match other.address {
        Some(ip) => SocketAddr::new(ip, WIRE_PORT).to_string(),
        None => cli.told("WIRE_BIND").unwrap_or_default().to_owned(),
    };
    let deadline = Instant::now() + WIRE_PATIENCE;
    let measured = loop {
        let ask = cli.docker(&["exec", &load.id, "stackmark", "wire", &address]);
        match cli.ask(ask, stop) {
            Err(_) if Instant::now() < deadline && !stop.load(Ordering::Relaxed) => {
                thread::sleep(Duration::from_millis(100));
            }
            measured => break measured.map_err(failed)?,
        }
    };
    let limits = limits_of(&other)?;
    other.remove(cli);
    let wire = serde_json::from_str(&measured)
        .map_err(|error| failed(BackendError(format!("it told {measured:?}: {error}"))))?;
    Ok((wire, limits))
}

/// A free port of the loopback interface.
fn free_address() -> Result<SocketAddr, BackendError> {
    TcpListener::bind((IpAddr::from(Ipv4Addr::LOCALHOST), 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|error| BackendError(format!("no free port: {error}")))
}
