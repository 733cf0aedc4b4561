//! Before a run: the project is this checkout's alone, the images are there, the database answers, the network is measured.

use std::convert::Infallible;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use super::cli::{Cli, complaint};
use super::container::Container;
use super::limits::Config;
use crate::backend::Context;
use crate::backend::build;
use crate::failure::Error;
use crate::observe::container;
use crate::os::cgroup::Limits;
use crate::os::netprobe::NetworkProbe;
use crate::os::stop::{Stop, WaitError, wait_until};
use crate::os::url::SecretUrl;
use crate::service::{Lease, Service};
use crate::workspace::Workspace;

/// Where a database listens in a network of its own.
const DATABASE_PORT: u16 = 3306;
/// Where the other end of the measured network listens.
const NETPROBE_PORT: u16 = 7000;
/// How long a new database may take to make its files and answer.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(180);
/// How long the other end of the measured network may take to listen.
const NETPROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// Keeps others from the checkout's containers, until whoever holds it has ended; waits for another who does.
pub(super) fn lock(workspace: &Workspace, stop: &Stop) -> Result<File, Error> {
    let path = workspace.private().join("docker.lock");
    let failed = |error| Error::Failed(format!("{} cannot be written: {error}", path.display()));
    fs::create_dir_all(workspace.private()).map_err(failed)?;
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
    let mut waits = false;
    let locked = wait_until(None, stop, || match file.try_lock() {
        Ok(()) => Ok(Some(())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
        Err(TryLockError::WouldBlock) => {
            if !std::mem::replace(&mut waits, true) {
                eprintln!(
                    "stackmark: another stackmark uses this checkout's containers, or is taking them down; waiting for it"
                );
            }
            Ok(None)
        }
    });
    match locked {
        Ok(()) => Ok(file),
        Err(WaitError::Failed(error)) => Err(error),
        Err(WaitError::Interrupted | WaitError::TimedOut) => Err(Error::Interrupted),
    }
}

/// Makes sure that the project is this checkout's, and removes what a run that was killed may have left of it.
pub(super) fn clear(cli: &Cli, root: &Path, stop: &Stop) -> Result<(), Error> {
    let filter = format!("label=com.docker.compose.project={}", cli.project());
    let folder = "{{.Label \"com.docker.compose.project.working_dir\"}}";
    let listed =
        cli.ask(cli.docker(&["ps", "--all", "--filter", &filter, "--format", folder]), stop)?;
    let folders: Vec<&str> =
        listed.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if let Some(other) = folders.iter().find(|folder| Path::new(folder) != root) {
        return Err(Error::Failed(format!(
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

/// Builds the load's image, and fetches the database's if it is needed and not there. Both may take long.
pub(super) fn images(
    cli: &Cli,
    config: &Config,
    context: Context<'_>,
    needs_database: bool,
) -> Result<(), Error> {
    let Context { workspace, usable, stop, .. } = context;
    eprintln!("stackmark: building the images, which takes long the first time");
    build::logged(
        &mut cli.compose(&["build", "load", "netprobe"]),
        workspace,
        "load",
        usable,
        stop,
    )
    .map_err(|error| error.map(|why| format!("the load's image cannot be built: {why}")))?;
    let name = config.image("db").unwrap_or_default();
    if needs_database && cli.ask(cli.docker(&["image", "inspect", name]), stop).is_err() {
        let pull = build::logged(&mut cli.docker(&["pull", name]), workspace, "db", usable, stop);
        let explained = |why: String| {
            let named = format!("{name}: {why}");
            complaint(&named).unwrap_or_else(|| {
                format!("an image is missing and cannot be had ({named}): see the images in .env")
            })
        };
        pull.map_err(|error| error.map(explained))?;
    }
    Ok(())
}

/// Waits until the database answers.
pub(super) fn connect(
    cli: &Cli,
    db: &Container,
    service: &'static dyn Service,
    stop: &Stop,
) -> Result<Lease, Error> {
    let mut last = String::from("it names no address");
    let lease = wait_until(Instant::now() + DATABASE_TIMEOUT, stop, || {
        if !db.is_running() {
            return Err(Error::Failed(format!(
                "the database's container {} (the compose project is {})",
                db.ended(cli),
                cli.project()
            )));
        }
        // Read anew each time: until the database has started, it may be an earlier one's.
        let printed = cli.ask(cli.docker(&["exec", &db.id, "cat", "/secrets/url"]), stop);
        if let Some(url) = printed.ok().filter(|printed| printed.contains("://")) {
            match lease(service, url.trim(), db.address) {
                Ok(lease) => return Ok(Some(lease)),
                Err(error) => last = error,
            }
        }
        Ok(None)
    });
    lease.map_err(|error| match error {
        WaitError::Interrupted => Error::Interrupted,
        WaitError::Failed(error) => error,
        WaitError::TimedOut => {
            let seconds = DATABASE_TIMEOUT.as_secs();
            db.error(cli, &format!("the database does not answer after {seconds} s ({last})"))
        }
    })
}

/// A lease on the database that its container calls `url`, at the container's address if it has one of its own.
fn lease(
    service: &'static dyn Service,
    url: &str,
    container: Option<IpAddr>,
) -> Result<Lease, String> {
    let url: SecretUrl = url.parse().map_err(|error| format!("its URL cannot be read: {error}"))?;
    let moved = container.map(|ip| url.at(SocketAddr::new(ip, DATABASE_PORT))).transpose();
    let url = moved.map_err(|error| error.to_string())?.unwrap_or(url);
    Lease::external(service, url).map_err(|error| error.to_string())
}

/// What a container's control groups allow it.
pub(super) fn limits_of(container: &Container) -> Result<Limits, Error> {
    container::Container::of(container.pid)
        .map(|groups| groups.limits())
        .map_err(|error| Error::Failed(error.to_string()))
}

/// Measures the network between the load's container and one with a server's limits, and reads these.
pub(super) fn netprobe(
    cli: &Cli,
    load: &Container,
    stop: &Stop,
) -> Result<(NetworkProbe, Limits), Error> {
    let failed = |error: Error| error.map(|why| format!("the network cannot be measured: {why}"));
    let other = Container::start(cli, "netprobe", stop).map_err(failed)?;
    let address = match other.address {
        Some(ip) => SocketAddr::new(ip, NETPROBE_PORT).to_string(),
        None => cli.value("NETPROBE_BIND").unwrap_or_default().to_owned(),
    };
    let mut last = Error::Interrupted;
    let measured = wait_until(Instant::now() + NETPROBE_TIMEOUT, stop, || {
        let probe = cli.docker(&["exec", &load.id, "stackmark", "netprobe", &address]);
        Ok::<_, Infallible>(cli.ask(probe, stop).map_err(|error| last = error).ok())
    });
    let measured = measured.map_err(|error| match error {
        WaitError::Interrupted => Error::Interrupted,
        WaitError::TimedOut => failed(last),
        WaitError::Failed(never) => match never {},
    })?;
    let limits = limits_of(&other)?;
    other.remove(cli);
    let netprobe = serde_json::from_str(&measured)
        .map_err(|error| failed(Error::Failed(format!("it printed {measured:?}: {error}"))))?;
    Ok((netprobe, limits))
}
