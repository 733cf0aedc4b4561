//! What is asked, and how it is asked.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{DefinitionError, HumanTime, read_toml, unique};
use crate::units::PerSecond;
use crate::workload;

/// How long a request may take in a scenario that does not say.
pub const TIMEOUT: HumanTime = HumanTime(Duration::from_secs(5));

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, unique.
    pub name: String,
    /// The path of its requests.
    pub path: String,
    /// What kind of request they are.
    pub asks: workload::Kind,
    /// A request that takes longer is an error.
    #[serde(default = "default_timeout")]
    pub timeout: HumanTime,
    /// One sentence for a reader.
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
    /// Exponential gaps: independent of each other.
    Poisson,
}

/// How fast an open load asks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, rename_all = "kebab-case")]
pub enum Rate {
    /// So many requests per second.
    Fixed(PerSecond),
    /// One rate that all servers of the run sustain, found before its first block.
    Common(Common),
}

/// The word `"common"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Common {
    /// Half of what the slowest server sustains, at most 4,000 per second.
    Common,
}

/// Closed or open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LoadKind {
    /// Each user waits for its answer before it asks again.
    Closed,
    /// Requests are due at their times, whether the answers come or not.
    Open {
        /// How many per second.
        rate: Rate,
        /// At which times.
        arrivals: Arrivals,
    },
}

/// How it is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Its name, unique.
    pub name: String,
    /// Users, each with one keep-alive connection.
    pub users: u32,
    /// Closed or open.
    #[serde(flatten)]
    pub kind: LoadKind,
}

/// Passes if `known` holds all of `names`.
///
/// # Errors
/// The first name that it does not hold, and those that it does.
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

/// All scenarios and loads there are.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// What can be asked.
    pub scenarios: Vec<Scenario>,
    /// How it can be asked.
    pub loads: Vec<Load>,
}

impl Catalogue {
    /// Passes if it holds all scenarios and loads of these names.
    ///
    /// # Errors
    /// The first name that it does not hold, and those that it does.
    pub fn check_names(&self, scenarios: &[String], loads: &[String]) -> Result<(), String> {
        let known = self.scenarios.iter().map(|scenario| scenario.name.as_str());
        check_among("scenario", scenarios, known)?;
        check_among("load", loads, self.loads.iter().map(|load| load.name.as_str()))
    }

    /// Reads `scenarios.toml` and `loads.toml` in `folder`.
    ///
    /// # Errors
    /// When one is unreadable, malformed, or says what cannot be: a name twice, no users, no rate.
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
