//! A server in its container.

use std::net::SocketAddr;

use super::cli::Cli;
use super::container::Container;
use crate::backend::{Instance, STOP_TIMEOUT};
use crate::failure::Error;
use crate::observe::meter::Meter;
use crate::os::stop::Stop;

/// The engine's status for what it had to kill: 128 and the number of SIGKILL.
const KILLED: i64 = 137;

/// A running server. Its container is removed with it: each turn has a new one.
pub(super) struct ServerContainer {
    cli: Cli,
    container: Container,
    address: SocketAddr,
}

impl ServerContainer {
    pub(super) fn new(cli: Cli, container: Container, address: SocketAddr) -> ServerContainer {
        ServerContainer { cli, container, address }
    }

    pub(super) fn check_alive(&self) -> Result<(), Error> {
        if self.container.is_running() {
            Ok(())
        } else {
            Err(Error::Failed(self.container.ended(&self.cli)))
        }
    }

    pub(super) fn error(&self, what: &str) -> Error {
        self.container.error(&self.cli, what)
    }
}

impl Instance for ServerContainer {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn meter(&mut self) -> Result<Box<dyn Meter>, Error> {
        self.check_alive()?;
        self.container.meter()
    }

    fn gone(&mut self) -> Error {
        Error::Failed(self.container.ended(&self.cli))
    }

    fn stop(self: Box<Self>) -> Result<(), Error> {
        self.check_alive()?;
        let seconds = STOP_TIMEOUT.as_secs().to_string();
        let stop = self.cli.docker(&["stop", "--time", &seconds, &self.container.id]);
        self.cli.ask(stop, &Stop::never())?;
        match self.container.state(&self.cli)?.exit_code {
            0 => Ok(()),
            KILLED => Err(self.error(&format!("did not stop within {seconds} s and was killed"))),
            status => {
                Err(self.error(&format!("ended with status {status} when it was asked to stop")))
            }
        }
    }
}

impl Drop for ServerContainer {
    fn drop(&mut self) {
        self.container.remove(&self.cli);
    }
}
