//! A cell: a scenario under a load, with its times.

use serde::{Deserialize, Serialize};

use super::profile::CellTimes;
use super::scenario::{Load, LoadKind, Scenario};

/// A cell of a run, which every server has: a scenario under a load, with its times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// What its requests ask for.
    pub scenario: Scenario,
    /// How its requests are sent.
    pub load: Load,
    /// The lengths of warm-up and window.
    pub times: CellTimes,
}

impl Cell {
    /// Whether a server has this cell: it must answer the scenario's endpoint. A server that drives itself knows no rate, and
    /// drives itself by queries alone.
    #[must_use]
    pub fn is_of(&self, answers: &[String], drives_itself: bool) -> bool {
        let can_be_driven =
            self.load.kind == LoadKind::Closed && self.scenario.asks.owes().queries > 0;
        let answered = answers.iter().any(|endpoint| endpoint == self.scenario.endpoint());
        answered && (can_be_driven || !drives_itself)
    }
}
