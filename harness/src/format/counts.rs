//! What `stackmark count` counted, as it was read: `raw/counts.json` of the run that it was added to.

use serde::{Deserialize, Serialize};

use crate::observe::callgrind::Executed;
use crate::workload;

/// The counts of some servers, and what they were counted with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// The time when the count began, in UTC, to the second.
    pub began: String,
    /// The abbreviated commit, with `+` where the checkout differed from it; absent outside of a checkout.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
    /// What valgrind says of its version.
    pub valgrind: String,
    /// The command that a server's own followed, without the folder of its output.
    pub command: Vec<String>,
    /// The seed that requests are drawn from.
    pub seed: u64,
    /// The contract's WORKERS, which each server had.
    pub workers: u32,
    /// The users that sent requests at the same time.
    pub users: u32,
    /// What was counted, by server and scenario.
    pub counted: Vec<Counted>,
    /// The servers that were not, and why.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub not_counted: Vec<NotCounted>,
}

/// One server in one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// The server's name.
    pub server: String,
    /// The scenario's name.
    pub scenario: String,
    /// What was asked: the kind of the scenario's requests, or the one that stands for it because a seed repeats it.
    pub asked: workload::Kind,
    /// What the server's version command printed.
    pub version: String,
    /// The SHA-256 of its binary, in hexadecimal.
    pub sha256: String,
    /// Each start of the server, in order.
    pub starts: Vec<Start>,
}

/// What was counted between a start of a server and its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Its batches, in order. The same batch of each start has the same requests.
    pub batches: Vec<Batch>,
}

/// A batch of requests, sent once and then twice: the difference between the two is the cost of the requests alone,
/// without that of reading the counter and of what the server does at its own times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The number of requests in it.
    pub requests: u64,
    /// What was executed while they were sent once.
    pub once: Executed,
    /// What was executed while they were sent twice.
    pub twice: Executed,
}

/// A server that was not counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotCounted {
    /// Its name.
    pub server: String,
    /// The reason, in one line.
    pub reason: String,
}

impl Counts {
    /// What was counted of a server in a scenario.
    #[must_use]
    pub fn of(&self, server: &str, scenario: &str) -> Option<&Counted> {
        self.counted.iter().find(|one| one.server == server && one.scenario == scenario)
    }
}
