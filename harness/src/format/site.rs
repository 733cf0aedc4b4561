//! The site of a run's parts, as `raw/run.toml` describes it, where they were not processes of the harness's machine.

use serde::{Deserialize, Serialize};

use crate::os::cgroup::Limits;
use crate::os::netprobe::NetworkProbe;
use crate::os::part::{PerPart, present};

/// The site of a run's parts: containers, their limits and their network. A fact that a backend does not know, or does not
/// have, is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// The container engine's version.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub engine: String,
    /// The version of Docker Compose, if it started the containers.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub compose: String,
    /// The network of the containers: `bridge`, or `host` for the machine's own network.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub network: String,
    /// Whether the machine was too small for the requested limits, so that all parts got less, in proportion.
    pub scaled: bool,
    /// Whether all servers were up side by side for the whole run, and none was restarted.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub side_by_side: bool,
    /// The requested limits.
    #[serde(with = "present")]
    pub asked: PerPart<Option<Limits>>,
    /// The limits that the control groups had.
    #[serde(with = "present")]
    pub given: PerPart<Option<Limits>>,
    /// The images of the databases, separated by commas, and of the load, by name and by digest. The servers' images are in
    /// the journal.
    #[serde(with = "present", skip_serializing_if = "PerPart::is_empty", default)]
    pub images: PerPart<Option<String>>,
    /// The network between the load's container and a server's, measured before the run.
    #[serde(alias = "wire", skip_serializing_if = "Option::is_none", default)]
    pub netprobe: Option<NetworkProbe>,
}

impl Site {
    /// The settings that must be the same when an interrupted run is resumed.
    #[must_use]
    pub fn settings(&self) -> Site {
        Site {
            network: self.network.clone(),
            scaled: self.scaled,
            side_by_side: self.side_by_side,
            asked: self.asked.clone(),
            given: self.given.clone(),
            images: PerPart { db: self.images.db.clone(), ..PerPart::default() },
            ..Site::default()
        }
    }
}
