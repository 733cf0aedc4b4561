//! Failures: which server failed at what, and why a step of a run did not succeed.

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
    /// A service that every server needs is gone, so that the run cannot continue. The sentence says which one, and
    /// what to do.
    #[error("{0}")]
    ServiceLost(String),
    /// The step failed; other servers may still be measured.
    #[error("{0}")]
    Failed(F),
}

impl<F: fmt::Display> Error<F> {
    /// The same error, with a failure recorded as one of `stage`.
    pub fn at(self, stage: Stage) -> Error<Failed> {
        self.map(|failure| Failed::new(stage, failure))
    }
}

impl<F> Error<F> {
    /// The same error, with a failure described by what `describe` makes of it.
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

/// The stage at which a server failed, and the reason in one line; what has no server's name yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Failed {
    /// What the server failed to do.
    pub stage: Stage,
    /// Why, in one line.
    pub reason: String,
}

impl Failed {
    /// A failure at `stage`, for the reason that `error` gives.
    pub fn new(stage: Stage, error: impl fmt::Display) -> Failed {
        Failed { stage, reason: error.to_string() }
    }
}

/// A server that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which block, from 1; before the blocks, absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub block: Option<u32>,
    /// Which server.
    pub server: String,
    /// What it failed to do.
    pub stage: Stage,
    /// Why, in one line.
    pub reason: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed to {}: {}", self.server, self.stage.verb(), self.reason)
    }
}

/// What a server can fail to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// To be built.
    Build,
    /// To tell its version.
    Version,
    /// To become healthy.
    Start,
    /// To tell the rows' truth.
    Verify,
    /// To survive its load.
    Trial,
    /// To be loaded: the load failed, and not the server.
    Load,
    /// To stop as the contract says.
    Stop,
}

impl Stage {
    /// As in "failed to …".
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Stage::Build => "build",
            Stage::Version => "tell its version",
            Stage::Start => "start",
            Stage::Verify => "verify",
            Stage::Trial => "survive",
            Stage::Load => "be loaded",
            Stage::Stop => "stop",
        }
    }
}
