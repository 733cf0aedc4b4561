//! A profile: how often each cell of a run is measured, and for how long.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::scenario::Catalogue;
use super::{DefinitionError, HumanTime, read_toml, unique};
use crate::definition::warmup::Warmup;

/// The times of one scenario under one load, as a run records them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellTimes {
    /// The scenario's name.
    pub scenario: String,
    /// The load's name.
    pub load: String,
    /// The shortest warm-up before the window, in milliseconds. It is not recorded.
    pub warmup_ms: u64,
    /// The longest warm-up, for a rate that is not steady earlier, in milliseconds; 0 where the length is fixed.
    #[serde(default)]
    pub warmup_limit_ms: u64,
    /// The warm-up of a server that had one in this cell since it was started, in milliseconds; it is not recorded. 0 in
    /// runs that restarted a server for every trial.
    #[serde(default)]
    pub settle_ms: u64,
    /// The length of the window in milliseconds.
    pub window_ms: u64,
    /// Of so many pairs of a block's rounds, the first is the one in which the cell is measured, and so on.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub every: u32,
}

fn one() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference.
fn is_one(number: &u32) -> bool {
    *number == 1
}

impl CellTimes {
    /// The shortest and the longest warm-up.
    #[must_use]
    pub fn warmup(&self) -> Warmup {
        let least = Duration::from_millis(self.warmup_ms);
        let most = Duration::from_millis(self.warmup_limit_ms).max(least);
        Warmup { least: least.into(), most: most.into() }
    }

    /// The length of the warm-up of a server that had one in this cell since it was started.
    #[must_use]
    pub fn settle(&self) -> Duration {
        Duration::from_millis(self.settle_ms)
    }

    /// The length of the window.
    #[must_use]
    pub fn window(&self) -> Duration {
        Duration::from_millis(self.window_ms)
    }

    /// Whether the cell is measured in the round of this number, from 1. Two rounds that mirror each other go together, so that
    /// a drift cancels in a cell that is not in all of them too.
    #[must_use]
    pub fn is_in(&self, round: u32) -> bool {
        ((round - 1) / 2).is_multiple_of(self.every)
    }

    /// The number of a block's rounds in which the cell is measured.
    #[must_use]
    pub fn visits(&self, rounds: u32) -> u32 {
        (1..=rounds).filter(|round| self.is_in(*round)).count() as u32
    }
}

/// A named length of run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The profile's name, which is unique.
    pub name: String,
    /// A sentence that describes it.
    pub about: String,
    /// The number of blocks: so often each server is started.
    pub blocks: u32,
    /// The number of passes over all cells in a block.
    pub rounds: u32,
    /// The shortest warm-up in a cell after a server's start.
    pub warmup: HumanTime,
    /// The longest warm-up, for a rate that is not steady earlier; absent where the length is fixed.
    pub warmup_limit: Option<HumanTime>,
    /// The warm-up in each later round.
    pub settle: HumanTime,
    /// The length of the window.
    pub window: HumanTime,
    /// Cells with other times.
    #[serde(default)]
    pub except: Vec<Exception>,
}

/// Different times for some cells of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The names of the scenarios; empty for all.
    #[serde(default)]
    pub scenarios: Vec<String>,
    /// The names of the loads; empty for all.
    #[serde(default)]
    pub loads: Vec<String>,
    /// The shortest warm-up, instead of the profile's.
    pub warmup: Option<HumanTime>,
    /// The longest warm-up, instead of the profile's.
    pub warmup_limit: Option<HumanTime>,
    /// The warm-up in each later round, instead of the profile's.
    pub settle: Option<HumanTime>,
    /// The length of the window, instead of the profile's.
    pub window: Option<HumanTime>,
    /// Of so many pairs of a block's rounds, the cells are measured in one; absent where they are in all.
    pub every: Option<u32>,
}

impl Exception {
    fn names(&self, scenario: &str, load: &str) -> bool {
        let among =
            |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
        among(&self.scenarios, scenario) && among(&self.loads, load)
    }
}

impl Profile {
    /// Reads `profiles.toml` in `folder`. Exceptions must name scenarios and loads of `catalogue`.
    ///
    /// # Errors
    /// When the file cannot be read, is malformed, or names something unknown.
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

    /// Gives the windows of all cells this length.
    pub fn set_window(&mut self, window: HumanTime) {
        self.window = window;
        self.except.iter_mut().for_each(|except| except.window = None);
    }

    /// Gives all cells this warm-up in each later round.
    pub fn set_settle(&mut self, settle: HumanTime) {
        self.settle = settle;
        self.except.iter_mut().for_each(|except| except.settle = None);
    }

    /// The times of a scenario under a load.
    #[must_use]
    pub fn times(&self, scenario: &str, load: &str) -> CellTimes {
        let named = || self.except.iter().rev().filter(|except| except.names(scenario, load));
        let time = |pick: fn(&Exception) -> Option<HumanTime>| named().find_map(pick);
        let warmup_limit = time(|except| except.warmup_limit).or(self.warmup_limit);
        CellTimes {
            scenario: scenario.to_owned(),
            load: load.to_owned(),
            warmup_ms: time(|except| except.warmup).unwrap_or(self.warmup).as_millis(),
            warmup_limit_ms: warmup_limit.map_or(0, HumanTime::as_millis),
            settle_ms: time(|except| except.settle).unwrap_or(self.settle).as_millis(),
            window_ms: time(|except| except.window).unwrap_or(self.window).as_millis(),
            every: named().find_map(|except| except.every).unwrap_or(1),
        }
    }

    fn check(&self, catalogue: &Catalogue) -> Result<(), String> {
        if self.blocks < 2 {
            return Err("an interval needs at least 2 blocks".into());
        }
        if self.rounds == 0 {
            return Err("a block needs at least 1 round".into());
        }
        for except in &self.except {
            if except.scenarios.is_empty() && except.loads.is_empty() {
                return Err("an exception names neither scenarios nor loads".into());
            }
            if except.every == Some(0) {
                return Err("`every` counts pairs of rounds from 1".into());
            }
            catalogue.check_names(&except.scenarios, &except.loads)?;
        }
        for scenario in &catalogue.scenarios {
            for load in &catalogue.loads {
                let times = self.times(&scenario.name, &load.name);
                let wrong = if times.window_ms == 0 {
                    "a window of less than 1 ms measures nothing"
                } else if times.warmup_limit_ms != 0 && times.warmup_limit_ms < times.warmup_ms {
                    "a warm-up's limit is below its least"
                } else {
                    continue;
                };
                return Err(format!("{wrong} ({} under {})", scenario.name, load.name));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    fn profile(more: &str) -> Result<Profile, DefinitionError> {
        let workspace = Workspace::at(concat!(env!("CARGO_MANIFEST_DIR"), "/..").as_ref());
        let catalogue = Catalogue::read(&workspace.scenarios()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let head = "[[profile]]\nname = \"p\"\nabout = \"\"\nblocks = 2\nrounds = 2\nsettle = \"100ms\"\nwarmup = \"1s\"\n";
        let text = format!("{head}warmup_limit = \"4s\"\nwindow = \"4s\"\n{more}");
        std::fs::write(folder.path().join("profiles.toml"), text).unwrap();
        Ok(Profile::read_all(folder.path(), &catalogue)?.remove(0))
    }

    #[test]
    fn for_each_time_the_last_exception_that_sets_it_counts() {
        let profile = profile(
            "[[profile.except]]\nloads = [\"open-10\"]\nwindow = \"9s\"\nwarmup = \"2s\"\n\
             [[profile.except]]\nscenarios = [\"idle\"]\nwindow = \"500ms\"\n",
        )
        .unwrap();
        let times = |scenario, load| {
            let CellTimes { warmup_ms, warmup_limit_ms, window_ms, .. } =
                profile.times(scenario, load);
            (warmup_ms, warmup_limit_ms, window_ms)
        };
        assert_eq!(times("demo", "closed-64"), (1_000, 4_000, 4_000));
        assert_eq!(times("demo", "open-10"), (2_000, 4_000, 9_000));
        assert_eq!(times("idle", "closed-64"), (1_000, 4_000, 500));
        assert_eq!(times("idle", "open-10"), (2_000, 4_000, 500));
    }

    #[test]
    fn a_length_for_all_cells_replaces_those_of_exceptions() {
        let mut profile = profile(
            "[[profile.except]]\nloads = [\"open-10\"]\nwindow = \"9s\"\nsettle = \"2s\"\n",
        )
        .unwrap();
        profile.set_window(HumanTime(Duration::from_millis(250)));
        profile.set_settle(HumanTime(Duration::ZERO));
        for load in ["open-10", "closed-64"] {
            let times = profile.times("demo", load);
            assert_eq!((times.window_ms, times.settle_ms), (250, 0));
        }
    }

    #[test]
    fn exceptions_that_cannot_be_are_refused() {
        for (more, words) in [
            ("scenarios = [\"dmo\"]", "there is no scenario \"dmo\""),
            ("loads = [\"closed\"]", "there is no load \"closed\""),
            ("window = \"1s\"", "neither scenarios nor loads"),
            ("loads = [\"open-10\"]\nwindow = \"0s\"", "measures nothing (demo under open-10)"),
            ("scenarios = [\"idle\"]\nwarmup = \"5s\"", "below its least (idle under closed-64)"),
            ("loads = [\"open-10\"]\nevery = 0", "`every` counts pairs of rounds from 1"),
            ("scenarios = [\"idle\"]\nwindow = 5", "profiles.toml:12:"),
        ] {
            let error = profile(&format!("[[profile.except]]\n{more}\n")).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
