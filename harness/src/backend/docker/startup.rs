//! The containers that a whole run has: started, reached, and the network between them measured.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::cli::Cli;
use super::container::Container;
use crate::failure::Error;
use crate::observe::container;
use crate::os::cgroup::Limits;
use crate::os::netprobe::NetworkProbe;
use crate::os::stop::{Stop, WaitError, wait_until};

/// The port of the other end of the network probe.
const NETPROBE_PORT: u16 = 7000;
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

/// Starts the container in which loads are started.
pub(super) fn load(cli: &Cli, stop: &Stop) -> Result<Container, Error> {
    start(cli, "load", stop)
}

/// Starts a container that the whole run has.
pub(super) fn start(cli: &Cli, service: &str, stop: &Stop) -> Result<Container, Error> {
    Container::start(cli, service, stop).map_err(|error| {
        error.map(|why| format!("the container of {service} does not start: {why}"))
    })
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
