//! Servers that are up already: found by their addresses, neither started nor stopped.

use std::convert::Infallible;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::backend::{AddressTemplate, BuildInfo, Builder, Instance, healthy};
use crate::definition::Server;
use crate::failure::{Error, Failed, Stage};
use crate::observe::container::Contained;
use crate::observe::meter::Meter;
use crate::observe::netns;
use crate::os::stop::{Stop, WaitError, wait_until};

/// How long servers that are started with the harness may take to have an address.
const APPEAR_TIMEOUT: Duration = Duration::from_secs(30);

/// Servers that are up already.
pub(in crate::backend) struct Servers {
    /// Where they are.
    pub(in crate::backend) at: AddressTemplate,
}

impl Servers {
    /// The address of `server`.
    ///
    /// # Errors
    /// When nothing has the name that it should have.
    pub(super) fn address(&self, server: &Server) -> Result<SocketAddr, Error> {
        let place = self.at.of(server);
        let found = place.to_socket_addrs().ok().and_then(|mut all| all.next());
        found.ok_or_else(|| {
            Error::Failed(format!("there is nothing at {place}: bring it up, or correct --at"))
        })
    }

    /// A running server, once it is healthy; `alive` is called while it is not, and ends the waiting by its error.
    ///
    /// # Errors
    /// When it is not there, or not healthy in time; or the interruption.
    pub(super) fn running(
        &self,
        server: &Server,
        alive: impl FnMut() -> Result<(), Error>,
        stop: &Stop,
    ) -> Result<Box<dyn Instance>, Error> {
        let address = self.address(server)?;
        healthy::wait(address, stop, alive, failed)?;
        let pid = first_process(address, "the server")?;
        Ok(Box::new(AttachedServer { address, pid }))
    }
}

impl Builder for Servers {
    /// Nothing is built: the version is that of the server that runs.
    fn build(&mut self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>> {
        #[derive(Deserialize)]
        struct Health {
            version: String,
        }
        let body = in_time(stop, || self.address(server))
            .and_then(|address| healthy::wait(address, stop, || Ok(()), failed))
            .map_err(|error| error.at(Stage::Start))?;
        let health: Health = serde_json::from_slice(&body).map_err(|error| {
            Error::Failed(format!("its /health names no version ({error})")).at(Stage::Version)
        })?;
        Ok(BuildInfo { version: health.version, image: None, bytes: None })
    }
}

/// A server that stays up.
struct AttachedServer {
    address: SocketAddr,
    /// The first process of its container.
    pid: u32,
}

impl Instance for AttachedServer {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn meter(&mut self) -> Result<Box<dyn Meter>, Error> {
        Ok(Box::new(Contained::of(self.pid).map_err(|_| self.gone())?))
    }

    fn gone(&mut self) -> Error {
        Error::Failed("its container is gone, or was restarted: see its log".into())
    }

    fn stop(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}

fn failed(how: &str) -> Error {
    Error::Failed(how.to_owned())
}

/// Calls `find` until it succeeds: containers that start together appear one after the other.
///
/// # Errors
/// The last error of `find`, or the interruption.
pub(super) fn in_time<T>(stop: &Stop, find: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    let mut last = Error::Interrupted;
    let found = wait_until(Instant::now() + APPEAR_TIMEOUT, stop, || {
        Ok::<_, Infallible>(find().map_err(|error| last = error).ok())
    });
    found.map_err(|error| match error {
        WaitError::Interrupted => Error::Interrupted,
        WaitError::TimedOut => last,
        WaitError::Failed(never) => match never {},
    })
}

/// The first process of the container that has `address`, which is that of `what`.
///
/// # Errors
/// When the harness does not see it.
pub(super) fn first_process(address: SocketAddr, what: &str) -> Result<u32, Error> {
    netns::pid_of_address(address.ip()).ok_or_else(|| {
        Error::Failed(format!(
            "{what} cannot be observed from here: run the harness on the same machine, in a container of its own with \
             the machine's process numbers and control groups (pid: host, cgroup: host)"
        ))
    })
}
