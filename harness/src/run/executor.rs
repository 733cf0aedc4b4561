//! The steps of a run that need a real server, as a trait: a backend implements them, and so does a mock in the
//! tests.

use crate::backend::BuildInfo;
use crate::definition::Server;
use crate::definition::cell::Cell;
use crate::definition::warmup::Warmup;
use crate::failure::{Error, Failed, Stage};
use crate::format::measured::{Measured, Start};
use crate::load::Pace;

/// Builds, starts, verifies, measures and stops servers. Any number of them may run at once; one is measured at a time.
///
/// Every error is a failure of the server, an interruption, or the loss of a service; the latter two end the run.
pub trait Executor {
    /// Builds a server, and runs its version command.
    ///
    /// # Errors
    /// The stage that failed, and the reason.
    fn build(&mut self, server: &Server) -> Result<BuildInfo, Error<Failed>>;

    /// Starts a server, and returns when it is healthy, with what the start showed.
    ///
    /// # Errors
    /// The reason why it does not start, in one line.
    fn start(&mut self, server: &Server) -> Result<Start, Error>;

    /// Checks the answers of a server that was started.
    ///
    /// # Errors
    /// The first wrong answer, in one line.
    fn verify(&mut self, server: &Server) -> Result<(), Error>;

    /// Measures a cell of a server that was started, after a warm-up.
    ///
    /// # Errors
    /// The stage that failed, and the reason.
    fn trial(
        &mut self,
        server: &Server,
        cell: &Cell,
        asked: Asked,
    ) -> Result<Measured, Error<Failed>>;

    /// Stops a server, if it was started.
    ///
    /// # Errors
    /// The reason why it did not stop as the contract says, in one line.
    fn stop(&mut self, server: &Server) -> Result<(), Error>;
}

/// What the load of one trial is asked to do, besides its cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// How requests follow each other.
    pub pace: Pace,
    /// The length of the warm-up.
    pub warmup: Warmup,
    /// The seed of the requests.
    pub seed: u64,
}

/// Starts a server, verifies its answers, calls `more`, and stops the server.
///
/// # Errors
/// The first stage that failed, and the reason. A server that has failed is stopped too.
pub fn verified<T>(
    executor: &mut dyn Executor,
    server: &Server,
    more: impl FnOnce(&mut dyn Executor) -> Result<T, Error<Failed>>,
) -> Result<T, Error<Failed>> {
    executor.start(server).map_err(|error| error.at(Stage::Start))?;
    let checked = executor.verify(server).map_err(|error| error.at(Stage::Verify));
    let result = checked.and_then(|()| more(executor));
    let stopped = executor.stop(server).map_err(|error| error.at(Stage::Stop));
    result.and_then(|result| stopped.map(|()| result))
}
