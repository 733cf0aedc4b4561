//! What of a plan is completed: by an earlier sitting of the same run, or because a server cannot be measured.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::cell::Cell;
use crate::format::journal::Entry;
use crate::plan::Plan;
use crate::run::common_rate::CommonRates;

/// Read from a run's journal; empty for a new run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completed {
    /// Servers that failed before the first block.
    excluded: BTreeSet<String>,
    /// Blocks and servers whose turn ended in a failure.
    failed: BTreeSet<(u32, String)>,
    /// Block, server, scenario and load of the trials that came to their end.
    measured: BTreeSet<(u32, String, String, String)>,
    /// What each verified server's version command printed.
    versions: BTreeMap<String, String>,
    /// The common rates of open loads that were found.
    rates: CommonRates,
}

impl Completed {
    /// Reads what a run's journal says.
    #[must_use]
    pub fn from_journal(entries: &[Entry]) -> Completed {
        let mut completed = Completed::default();
        for entry in entries {
            match entry {
                Entry::Verified { server, version, .. } => {
                    completed.versions.insert(server.clone(), version.clone());
                }
                Entry::CommonRate { .. } => completed.rates.read(entry),
                Entry::Trial(trial) => {
                    completed.measured.insert((
                        trial.block,
                        trial.server.clone(),
                        trial.scenario.clone(),
                        trial.load.clone(),
                    ));
                }
                Entry::Failure(failure) => match failure.block {
                    Some(block) => {
                        completed.failed.insert((block, failure.server.clone()));
                    }
                    None => completed.exclude(&failure.server),
                },
                Entry::Calibrated { .. }
                | Entry::Interrupted
                | Entry::Resumed { .. }
                | Entry::Finished => {}
            }
        }
        completed
    }

    /// This server is not measured any more.
    pub fn exclude(&mut self, server: &str) {
        self.excluded.insert(server.to_owned());
    }

    /// Whether a server is not measured at all.
    #[must_use]
    pub fn is_excluded(&self, server: &str) -> bool {
        self.excluded.contains(server)
    }

    /// Whether any server failed, in this sitting or an earlier one.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        !self.excluded.is_empty() || !self.failed.is_empty()
    }

    /// Whether this trial need not, or cannot, be made.
    #[must_use]
    pub fn skips(&self, block: u32, server: &str, cell: &Cell) -> bool {
        let server = server.to_owned();
        self.excluded.contains(&server)
            || self.failed.contains(&(block, server.clone()))
            || self.measured.contains(&(
                block,
                server,
                cell.scenario.name.clone(),
                cell.load.name.clone(),
            ))
    }

    /// What a server's version command printed when it was first verified.
    #[must_use]
    pub fn version(&self, server: &str) -> Option<&str> {
        self.versions.get(server).map(String::as_str)
    }

    /// The common rates of open loads that were found.
    #[must_use]
    pub fn rates(&self) -> &CommonRates {
        &self.rates
    }

    /// The rest of `plan`: without the trials that need not be run again, and the turns that are empty without them.
    #[must_use]
    pub fn remaining(&self, plan: &Plan) -> Plan {
        let mut left = plan.clone();
        for (number, block) in (1..).zip(&mut left.blocks) {
            for turn in &mut block.turns {
                let server = &plan.servers[turn.server].name;
                turn.cells.retain(|&cell| !self.skips(number, server, &plan.cells[cell]));
            }
            block.turns.retain(|turn| !turn.cells.is_empty());
        }
        left
    }
}
