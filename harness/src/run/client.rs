//! One user of a running server, who sends a request, waits for the answer and checks it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::failure::Error;
use crate::load::connection::Connection;
use crate::os::stop::Stop;
use crate::units::Moment;
use crate::workload::{Probe, Reply, Wrong, request};

/// A promise of the contract that the server does not keep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{request} {problem}")]
pub struct Violation {
    request: String,
    problem: String,
}

/// One user, who waits for each answer.
pub(super) struct Client<'a> {
    address: SocketAddr,
    runtime: Runtime,
    connection: Connection,
    stop: &'a Stop,
}

impl Client<'_> {
    /// A user of the server at `address`, whose answers may take `timeout` each.
    ///
    /// # Errors
    /// When the system does not let it send anything.
    pub(super) fn new(
        address: SocketAddr,
        timeout: Duration,
        stop: &Stop,
    ) -> Result<Client<'_>, Error<Violation>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            violation(
                &request::request("GET", "/health", address),
                format!("cannot be sent: {error}"),
            )
        })?;
        let connection = {
            let _within = runtime.enter();
            Connection::new(address, timeout)
        };
        Ok(Client { address, runtime, connection, stop })
    }

    /// The server's address.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a probe, and checks the answer.
    ///
    /// # Errors
    /// What is wrong with the answer, or that there is none; or the interruption.
    pub(super) fn probe(&mut self, probe: &Probe) -> Result<(), Error<Violation>> {
        let request = match &probe.body {
            Some(body) => request::with_json(probe.method, &probe.target, self.address, body),
            None => request::request(probe.method, &probe.target, self.address),
        };
        self.ask(&request, |reply| probe.check(reply))
    }

    /// Sends a request, and checks the answer.
    ///
    /// # Errors
    /// What is wrong with the answer, or that there is none; or the interruption.
    pub(super) fn ask(
        &mut self,
        request: &[u8],
        check: impl FnOnce(&Reply<'_>) -> Result<(), Wrong>,
    ) -> Result<(), Error<Violation>> {
        self.stop.check()?;
        let Client { runtime, connection, .. } = self;
        let reply = runtime.block_on(async {
            if !connection.is_connected() {
                connection.connect().await?;
            }
            connection.exchange(request, Moment::now()).await
        });
        match reply {
            Ok(reply) => check(&reply).map_err(|wrong| violation(request, wrong.to_string())),
            Err(broken) => Err(violation(request, format!("got no answer: {broken}"))),
        }
    }
}

fn violation(request: &[u8], problem: String) -> Error<Violation> {
    Error::Failed(Violation { request: request::line(request), problem })
}
