//! Before a run: the project is this checkout's alone, the images are there, the database answers, the network is measured.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::cli::{Cli, complaint};
use super::container::Container;
use super::limits::Config;
use crate::backend::build;
use crate::backend::{BackendError, Opening};
use crate::database::{DatabaseUrl, Lease};
use crate::observe::container;
use crate::os::cgroup::Limits;
use crate::os::netprobe::NetworkProbe;
use crate::workspace::Workspace;

/// Where a database listens in a network of its own.
const DATABASE_PORT: u16 = 3306;
/// Where the other end of the measured network does.
const WIRE_PORT: u16 = 7000;
/// How long a new database may take to make its files and answer.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(180);
/// How long the other end of the measured network may take to listen.
const WIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Keeps others from the checkout's containers, until whoever holds it has ended; waits for another who does.
pub(super) fn lock(workspace: &Workspace, stop: &AtomicBool) -> Result<File, BackendError> {
    let path = workspace.private().join("docker.lock");
    let failed = |error| BackendError(format!("{} cannot be written: {error}", path.display()));
    fs::create_dir_all(workspace.private()).map_err(failed)?;
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
    let mut told = false;
    while !stop.load(Ordering::Relaxed) {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) if !told => {
                told = true;
                eprintln!(
                    "stackmark: another stackmark uses this checkout's containers, or is taking them down; waiting for it"
                );
            }
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(100)),
        }
    }
    Err(BackendError("interrupted".into()))
}

/// Makes sure that the project is this checkout's, and removes what a run that was killed may have left of it.
pub(super) fn clear(cli: &Cli, root: &Path, stop: &AtomicBool) -> Result<(), BackendError> {
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
        cli.ask(cli.compose(&["down", "--remove-orphans"]), stop)?;
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

/// Builds the load's image, and fetches the database's if it is not there. Both may take long.
pub(super) fn images(cli: &Cli, config: &Config, opening: Opening<'_>) -> Result<(), BackendError> {
    let Opening { workspace, usable, stop, .. } = opening;
    eprintln!("stackmark: building the images, which takes long the first time");
    build::logged(
        &mut cli.compose(&["build", "load", "netprobe"]),
        workspace,
        "load",
        usable,
        stop,
    )
    .map_err(|why| BackendError(format!("the load's image cannot be built: {why}")))?;
    let name = config.image("db").unwrap_or_default();
    if cli.ask(cli.docker(&["image", "inspect", name]), stop).is_err() {
        let pull = build::logged(&mut cli.docker(&["pull", name]), workspace, "db", usable, stop);
        pull.map_err(|why| {
            let named = format!("{name}: {why}");
            BackendError(complaint(&named).unwrap_or_else(|| {
                format!("an image is missing and cannot be had ({named}): see the images in .env")
            }))
        })?;
    }
    Ok(())
}

/// Waits until the database answers.
pub(super) fn connect(cli: &Cli, db: &Container, stop: &AtomicBool) -> Result<Lease, BackendError> {
    let deadline = Instant::now() + DATABASE_TIMEOUT;
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
        // Read anew each time: until the database has started, it may be an earlier one's.
        let told = cli.ask(cli.docker(&["exec", &db.id, "cat", "/secrets/url"]), stop);
        if let Some(told) = told.ok().filter(|told| told.contains("://")) {
            let url = DatabaseUrl::new(told.trim().to_owned());
            let url =
                db.address.map_or(url.clone(), |ip| url.at(SocketAddr::new(ip, DATABASE_PORT)));
            match Lease::external(url) {
                Ok(lease) => return Ok(lease),
                Err(error) => last = error.to_string(),
            }
        }
        thread::sleep(Duration::from_millis(200));
    }
    let seconds = DATABASE_TIMEOUT.as_secs();
    Err(db.error(cli, &format!("the database does not answer after {seconds} s ({last})")))
}

/// What a container's control groups allow it.
pub(super) fn limits_of(container: &Container) -> Result<Limits, BackendError> {
    container::Container::of(container.pid)
        .map(|groups| groups.limits())
        .map_err(|error| BackendError(error.to_string()))
}

/// Measures the network between the load's container and one with a server's limits, and reads these.
pub(super) fn netprobe(
    cli: &Cli,
    load: &Container,
    stop: &AtomicBool,
) -> Result<(NetworkProbe, Limits), BackendError> {
    let failed =
        |error: BackendError| BackendError(format!("the network cannot be measured: {error}"));
    let other = Container::start(cli, "netprobe", stop).map_err(failed)?;
    let address = match other.address {
        Some(ip) => SocketAddr::new(ip, WIRE_PORT).to_string(),
        None => cli.told("NETPROBE_BIND").unwrap_or_default().to_owned(),
    };
    let deadline = Instant::now() + WIRE_TIMEOUT;
    let measured = loop {
        let ask = cli.docker(&["exec", &load.id, "stackmark", "netprobe", &address]);
        match cli.ask(ask, stop) {
            Err(_) if Instant::now() < deadline && !stop.load(Ordering::Relaxed) => {
                thread::sleep(Duration::from_millis(100));
            }
            measured => break measured.map_err(failed)?,
        }
    };
    let limits = limits_of(&other)?;
    other.remove(cli);
    let netprobe = serde_json::from_str(&measured)
        .map_err(|error| failed(BackendError(format!("it told {measured:?}: {error}"))))?;
    Ok((netprobe, limits))
}
