//! Failures: which server failed at which stage, and why a step of a run did not succeed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::os::stop::Interrupted;

/// Why a step of a run did not succeed.
///
/// `F` describes a failure of the step itself: one sentence, or a [`Failed`] that names the stage as well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error<F = String> {
    /// The user asked the program to stop.
    #[error("interrupted")]
    Interrupted,
    /// A service that the run cannot continue without is gone. The sentence says which one, and what to do.
    #[error("{0}")]
    ServiceLost(String),
    /// The step failed; other servers may still be measured.
    #[error("{0}")]
    Failed(F),
}

impl<F: fmt::Display> Error<F> {
    /// The same error, with its failure assigned to `stage`.
    pub fn at(self, stage: Stage) -> Error<Failed> {
        self.map(|failure| Failed::new(stage, failure))
    }
}

impl<F> Error<F> {
    /// The same error, with its failure converted by `describe`.
    pub fn map<G>(self, describe: impl FnOnce(F) -> G) -> Error<G> {
        match self {
            Error::Interrupted => Error::Interrupted,
            Error::ServiceLost(how) => Error::ServiceLost(how),
            Error::Failed(failure) => Error::Failed(describe(failure)),
        }
    }
}

impl<F> From<Interrupted> for Error<F> {
    fn from(_: Interrupted) -> Error<F> {
        Error::Interrupted
    }
}

/// A failure without the server's name: its stage, and its reason in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Failed {
    /// The stage at which the server failed.
    pub stage: Stage,
    /// The reason, in one line.
    pub reason: String,
}

impl Failed {
    /// A failure at `stage` with the text of `error` as its reason.
    pub fn new(stage: Stage, error: impl fmt::Display) -> Failed {
        Failed { stage, reason: error.to_string() }
    }
}

/// The failure of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The block's number, from 1; absent before the first block.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub block: Option<u32>,
    /// The server's name.
    pub server: String,
    /// The stage at which it failed.
    pub stage: Stage,
    /// The reason, in one line.
    pub reason: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed to {}: {}", self.server, self.stage.verb(), self.reason)
    }
}

/// A stage at which a server can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The server is built.
    Build,
    /// The server's version command is run.
    Version,
    /// The server is started and becomes healthy.
    Start,
    /// The server's answers are checked.
    Verify,
    /// The server is under load.
    Trial,
    /// The load is started; a failure is the load's own, not the server's.
    Load,
    /// The server is stopped as the contract says.
    Stop,
}

impl Stage {
    /// The verb that follows "failed to".
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Stage::Build => "build",
            Stage::Version => "report its version",
            Stage::Start => "start",
            Stage::Verify => "verify",
            Stage::Trial => "survive",
            Stage::Load => "be loaded",
            Stage::Stop => "stop",
        }
    }
}
