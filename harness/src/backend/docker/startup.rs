//! The containers that a whole run has: started, reached, and the network between them measured.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::cli::Cli;
use super::container::Container;
use crate::failure::Error;
use crate::observe::container;
use crate::os::cgroup::Limits;
use crate::os::netprobe::NetworkProbe;
use crate::os::stop::{Stop, WaitError, wait_until};
use crate::os::url::SecretUrl;
use crate::service::{self, Lease, Service};

/// The port of a database in a network of its own.
const DATABASE_PORT: u16 = 3306;
/// The port of the other end of the network probe.
const NETPROBE_PORT: u16 = 7000;
/// How long a new database may take to make its files and answer.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(180);
/// How long the other end of the measured network may take to listen.
const NETPROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// Warns of containers that are not the project's: they may disturb what is measured.
pub(super) fn warn_of_others(cli: &Cli, stop: &Stop) -> Result<(), Error> {
    let others = cli.ask(cli.docker(&["ps", "--quiet"]), stop)?;
    if !others.trim().is_empty() {
        eprintln!(
            "stackmark: {} other containers run on this engine and may disturb what is measured",
            others.lines().count()
        );
    }
    Ok(())
}

/// Passes if each of the services with these names has a container: the service `db` of compose.yaml is the database of
/// `stackmark db`.
pub(super) fn check_services(mut needed: impl Iterator<Item = &'static str>) -> Result<(), Error> {
    match needed.find(|name| *name != service::database().name()) {
        None => Ok(()),
        Some(name) => Err(Error::Failed(format!(
            "docker has no container for {name}: use --backend local, or leave out the servers that need it"
        ))),
    }
}

/// Starts a database's container, and waits until the database answers.
pub(super) fn database(
    cli: &Cli,
    service: &'static dyn Service,
    stop: &Stop,
) -> Result<(Container, Lease), Error> {
    let db = start(cli, "db", "database", stop)?;
    let lease = connect(cli, &db, service, stop)?;
    Ok((db, lease))
}

/// Starts the container in which loads are started.
pub(super) fn load(cli: &Cli, stop: &Stop) -> Result<Container, Error> {
    start(cli, "load", "load", stop)
}

fn start(cli: &Cli, service: &str, what: &str, stop: &Stop) -> Result<Container, Error> {
    Container::start(cli, service, stop)
        .map_err(|error| error.map(|why| format!("the {what}'s container does not start: {why}")))
}

/// Waits until the database answers.
fn connect(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_has_a_container() {
        let database = service::database().name();
        assert_eq!(check_services([].into_iter()), Ok(()));
        assert_eq!(check_services([database].into_iter()), Ok(()));
        let refused = check_services([database, "queue"].into_iter());
        let Err(Error::Failed(why)) = refused else { panic!("it passed") };
        assert!(why.contains("no container for queue") && why.contains("--backend local"), "{why}");
    }
}
