//! The databases that servers need, each in a container of its own.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::cli::Cli;
use super::config::Config;
use super::container::Container;
use super::startup::start;
use crate::failure::Error;
use crate::os::stop::{Stop, WaitError, wait_until};
use crate::os::url::SecretUrl;
use crate::service::{Lease, Service};

/// How long a new database may take to make its files and answer.
const TIMEOUT: Duration = Duration::from_secs(180);

/// Passes if compose.yaml has a container for each of the needs, in the registry's words.
pub(super) fn check(config: &Config, needs: &[&str]) -> Result<(), Error> {
    match needs.iter().find(|need| !config.has(need)) {
        None => Ok(()),
        Some(need) => Err(Error::Failed(format!(
            "docker has no container for {need}: use --backend local, or leave out the servers that need it"
        ))),
    }
}

/// A database in its container.
pub(super) struct DatabaseContainer {
    pub(super) service: &'static dyn Service,
    pub(super) container: Container,
}

impl DatabaseContainer {
    /// Starts it, and does not wait until it answers.
    ///
    /// # Errors
    /// When it does not start; with the last of its log.
    pub(super) fn start(
        cli: &Cli,
        service: &'static dyn Service,
        stop: &Stop,
    ) -> Result<DatabaseContainer, Error> {
        let container = start(cli, service.need(), stop)?;
        Ok(DatabaseContainer { service, container })
    }

    /// A lease on it, once it answers.
    ///
    /// # Errors
    /// When it ends, or does not answer in time; with the last of its log.
    pub(super) fn lease(&self, cli: &Cli, stop: &Stop) -> Result<Lease, Error> {
        let DatabaseContainer { service, container } = self;
        let name = service.need();
        let mut last = String::from("it names no address");
        let lease = wait_until(Instant::now() + TIMEOUT, stop, || {
            if !container.is_running() {
                return Err(Error::Failed(format!(
                    "the container of {name} {} (the compose project is {})",
                    container.ended(cli),
                    cli.project()
                )));
            }
            // Read anew each time: until the database has started, it may be an earlier one's.
            let read = cli.docker(&["exec", &container.id, "cat", "/secrets/url"]);
            let printed = cli.ask(read, stop);
            if let Some(url) = printed.ok().filter(|printed| printed.contains("://")) {
                match lease(*service, url.trim(), container.address) {
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
                let seconds = TIMEOUT.as_secs();
                container.error(cli, &format!("{name} does not answer after {seconds} s ({last})"))
            }
        })
    }
}

/// A lease on the database that its container calls `url`, at the container's address if it has one of its own.
fn lease(
    service: &'static dyn Service,
    url: &str,
    container: Option<IpAddr>,
) -> Result<Lease, String> {
    let url: SecretUrl = url.parse().map_err(|error| format!("its URL cannot be read: {error}"))?;
    let moved = container.map(|ip| url.at(ip)).transpose();
    let url = moved.map_err(|error| error.to_string())?.unwrap_or(url);
    Lease::external(service, url).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_compose_has_no_container_for_is_refused() {
        let config = Config::parse(r#"{"services": {"mysql": {}, "postgres": {}}}"#).unwrap();
        assert_eq!(check(&config, &[]), Ok(()));
        assert_eq!(check(&config, &["postgres", "mysql"]), Ok(()));
        let refused = check(&config, &["mysql", "queue"]);
        let Err(Error::Failed(why)) = refused else { panic!("it passed") };
        assert!(why.contains("no container for queue") && why.contains("--backend local"), "{why}");
    }
}
