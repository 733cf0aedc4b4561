//! Scenarios and loads: what requests ask for, and how they are sent.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{DefinitionError, HumanTime, read_toml, unique};
use crate::units::PerSecond;
use crate::workload;

/// The timeout of a request in a scenario that sets none.
pub const TIMEOUT: HumanTime = HumanTime(Duration::from_secs(5));

/// A kind of request with its parameters, under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The scenario's name, which is unique.
    pub name: String,
    /// The path of its requests.
    pub path: String,
    /// What kind of request they are.
    pub asks: workload::Kind,
    /// The time after which a request counts as failed.
    #[serde(default = "default_timeout")]
    pub timeout: HumanTime,
    /// A sentence that describes the scenario.
    pub about: String,
}

impl Scenario {
    /// The endpoint that is asked, as the registry's `answers` name it: the path without the slash before it.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.path.trim_start_matches('/')
    }
}

/// When an open load's requests are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Every 1/rate seconds.
    Constant,
    /// At random times with exponential gaps, independent of each other.
    Poisson,
}

/// The rate of an open load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, rename_all = "kebab-case")]
pub enum Rate {
    /// A fixed number of requests per second.
    Fixed(PerSecond),
    /// A rate that all servers of the run sustain, found before the first block.
    Common(Common),
}

/// A word for a rate that is found from the slowest server's goodput.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Common {
    /// Half of what the slowest server sustains, at most 4,000 per second.
    Common,
    /// Four fifths of what the slowest server sustains: near the capacity of that one, and the same for all.
    NearCapacity,
}

/// The kind of a load: closed or open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LoadKind {
    /// Each user waits for its answer before it sends again.
    Closed,
    /// Requests are sent at given times, whether answers come or not.
    Open {
        /// The requests per second.
        rate: Rate,
        /// The times at which they are due.
        arrivals: Arrivals,
    },
}

/// How requests are sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// The scenario's name, which is unique.
    pub name: String,
    /// The number of users, each with one keep-alive connection.
    pub users: u32,
    /// The kind of a load: closed or open.
    #[serde(flatten)]
    pub kind: LoadKind,
}

/// Checks that `known` contains all of `names`.
///
/// # Errors
/// The first name that is not among them, and the names that are.
pub(super) fn check_among<'a>(
    kind: &str,
    names: &[String],
    known: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), String> {
    match names.iter().find(|name| !known.clone().any(|known| known == name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let known: Vec<_> = known.collect();
            Err(format!("there is no {kind} {name:?}; there are: {}", known.join(", ")))
        }
    }
}

fn default_timeout() -> HumanTime {
    TIMEOUT
}

/// All defined scenarios and loads.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// The loads.
    pub loads: Vec<Load>,
}

impl Catalogue {
    /// Checks that all scenarios and loads of these names exist.
    ///
    /// # Errors
    /// The first name that does not, and the names that do.
    pub fn check_names(&self, scenarios: &[String], loads: &[String]) -> Result<(), String> {
        let known = self.scenarios.iter().map(|scenario| scenario.name.as_str());
        check_among("scenario", scenarios, known)?;
        check_among("load", loads, self.loads.iter().map(|load| load.name.as_str()))
    }

    /// Reads `scenarios.toml` and `loads.toml` in `folder`.
    ///
    /// # Errors
    /// When a file cannot be read, is malformed or inconsistent: a name that occurs twice, no users, no rate.
    pub fn read(folder: &Path) -> Result<Catalogue, DefinitionError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Scenarios {
            scenario: Vec<Scenario>,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Loads {
            load: Vec<Load>,
        }
        let path = folder.join("scenarios.toml");
        let Scenarios { scenario: scenarios } = read_toml(&path)?;
        unique(&path, "scenario", scenarios.iter().map(|scenario| scenario.name.as_str()))?;
        if let Some(scenario) = scenarios.iter().find(|scenario| scenario.timeout.0.is_zero()) {
            return Err(DefinitionError::Inconsistent {
                path,
                message: format!("{}: a timeout of 0 leaves no time to answer", scenario.name),
            });
        }

        let path = folder.join("loads.toml");
        let Loads { load: loads } = read_toml(&path)?;
        unique(&path, "load", loads.iter().map(|load| load.name.as_str()))?;
        for load in &loads {
            let message = if load.users == 0 {
                "0 users ask nothing; give it at least 1"
            } else if matches!(load.kind, LoadKind::Open { rate: Rate::Fixed(PerSecond(r)), .. } if !(r > 0.0 && r.is_finite()))
            {
                "the rate must be above 0"
            } else {
                continue;
            };
            return Err(DefinitionError::Inconsistent {
                path,
                message: format!("{}: {message}", load.name),
            });
        }
        Ok(Catalogue { scenarios, loads })
    }
}
