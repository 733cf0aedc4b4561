//! A server's failure: what it failed to do, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

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
