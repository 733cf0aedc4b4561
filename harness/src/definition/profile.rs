//! Which cells a run has, how often each is measured, and for how long.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::scenario::Catalogue;
use super::{DefinitionError, read_toml, unique};
use crate::definition::warmup::Warmup;

/// One scenario under one load, for every server of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellTimes {
    /// A scenario's name.
    pub scenario: String,
    /// A load's name.
    pub load: String,
    /// Before the window, not recorded, at least so many milliseconds.
    pub warmup_ms: u64,
    /// And at most so many, if the rate is not steady earlier; absent, the warm-up is of fixed length.
    #[serde(default)]
    pub warmup_limit_ms: u64,
    /// How long is measured, in milliseconds.
    pub window_ms: u64,
}

impl CellTimes {
    /// Before the window.
    #[must_use]
    pub fn warmup(&self) -> Warmup {
        let least = Duration::from_millis(self.warmup_ms);
        let most = Duration::from_millis(self.warmup_limit_ms).max(least);
        Warmup { least: least.into(), most: most.into() }
    }

    /// The window.
    #[must_use]
    pub fn window(&self) -> Duration {
        Duration::from_millis(self.window_ms)
    }
}

/// A named size of run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, unique.
    pub name: String,
    /// One sentence for a reader.
    pub about: String,
    /// How many passes over all cells.
    pub blocks: u32,
    /// Cells a server.
    pub cell: Vec<CellTimes>,
}

impl Profile {
    /// Reads `profiles.toml` in `folder`; every profile must name scenarios and loads of `catalogue`.
    ///
    /// # Errors
    /// When it is unreadable, malformed, or names what is not there.
    pub fn read_all(folder: &Path, catalogue: &Catalogue) -> Result<Vec<Profile>, DefinitionError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            profile: Vec<Profile>,
        }
        let path = folder.join("profiles.toml");
        let File { profile: profiles } = read_toml(&path)?;
        unique(&path, "profile", profiles.iter().map(|profile| profile.name.as_str()))?;
        for profile in &profiles {
            if let Err(message) = profile.check(catalogue) {
                return Err(DefinitionError::Inconsistent {
                    path,
                    message: format!("{}: {message}", profile.name),
                });
            }
        }
        Ok(profiles)
    }

    fn check(&self, catalogue: &Catalogue) -> Result<(), String> {
        if self.blocks < 2 {
            return Err("an interval needs at least 2 blocks".into());
        }
        for visit in &self.cell {
            if !catalogue.scenarios.iter().any(|scenario| scenario.name == visit.scenario) {
                return Err(format!("there is no scenario {:?}", visit.scenario));
            }
            if !catalogue.loads.iter().any(|load| load.name == visit.load) {
                return Err(format!("there is no load {:?}", visit.load));
            }
            let same = |other: &&CellTimes| {
                (&other.scenario, &other.load) == (&visit.scenario, &visit.load)
            };
            if self.cell.iter().filter(same).count() > 1 {
                return Err(format!("{} under {} is there twice", visit.scenario, visit.load));
            }
            if visit.warmup_limit_ms != 0 && visit.warmup_limit_ms < visit.warmup_ms {
                return Err("a warm-up's limit is below its least".into());
            }
            if visit.window_ms == 0 {
                return Err("a window of 0 ms measures nothing".into());
            }
        }
        Ok(())
    }
}
