//! A cell: a scenario under a load, with its times.

use serde::{Deserialize, Serialize};

use super::profile::CellTimes;
use super::scenario::{Load, LoadKind, Scenario};
use crate::workload;

/// A cell as every server of the run has it: a scenario under a load, with its times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// What is asked.
    pub scenario: Scenario,
    /// How it is asked.
    pub load: Load,
    /// Warm-up and window.
    pub times: CellTimes,
}

impl Cell {
    /// Whether a server has this cell: one that drives itself asks for random names, and knows no rate.
    #[must_use]
    pub fn is_of(&self, drives_itself: bool) -> bool {
        !drives_itself
            || (self.load.kind == LoadKind::Closed
                && self.scenario.asks == workload::Kind::RandomName)
    }
}
