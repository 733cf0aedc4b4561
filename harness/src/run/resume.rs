//! The completed part of a plan: trials that need not be run again, because they were measured before the run was
//! interrupted, or because their server failed.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::cell::Cell;
use crate::format::journal::Entry;
use crate::plan::Plan;
use crate::run::common_rate::CommonRates;

/// The completed part of a run, from its journal; empty for a new run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completed {
    /// The servers that failed before the first block.
    excluded: BTreeSet<String>,
    /// The blocks and servers that failed: in the rest of the block, the server is not measured.
    failed: BTreeSet<(u32, String)>,
    /// The block, round, server, scenario and load of each completed trial.
    measured: BTreeSet<(u32, u32, String, String, String)>,
    /// The version of each verified server, as its version command printed it.
    versions: BTreeMap<String, String>,
    /// The common rates of open loads that were found.
    rates: CommonRates,
}

impl Completed {
    /// Reads the completed part from a run's journal.
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
                        trial.round,
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
                | Entry::Started { .. }
                | Entry::Interrupted
                | Entry::Resumed { .. }
                | Entry::Finished => {}
            }
        }
        completed
    }

    /// Excludes a server from all that is left of the run.
    pub fn exclude(&mut self, server: &str) {
        self.excluded.insert(server.to_owned());
    }

    /// Whether a server is excluded.
    #[must_use]
    pub fn is_excluded(&self, server: &str) -> bool {
        self.excluded.contains(server)
    }

    /// Whether any server has failed, before or after the run was resumed.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        !self.excluded.is_empty() || !self.failed.is_empty()
    }

    /// Whether a trial need not or cannot be run.
    #[must_use]
    pub fn skips(&self, block: u32, round: u32, server: &str, cell: &Cell) -> bool {
        let server = server.to_owned();
        self.excluded.contains(&server)
            || self.failed.contains(&(block, server.clone()))
            || self.measured.contains(&(
                block,
                round,
                server,
                cell.scenario.name.clone(),
                cell.load.name.clone(),
            ))
    }

    /// The version of a server when it was first verified, as its version command printed it.
    #[must_use]
    pub fn version(&self, server: &str) -> Option<&str> {
        self.versions.get(server).map(String::as_str)
    }

    /// The common rates of open loads that were found.
    #[must_use]
    pub fn rates(&self) -> &CommonRates {
        &self.rates
    }

    /// The rest of `plan`, without completed trials.
    #[must_use]
    pub fn remaining(&self, plan: &Plan) -> Plan {
        let mut left = plan.clone();
        for (number, block) in (1..).zip(&mut left.blocks) {
            for round in &mut block.rounds {
                let in_block = round.number;
                round.visits.retain(|visit| {
                    let server = &plan.servers[visit.server].name;
                    !self.skips(number, in_block, server, &plan.cells[visit.cell])
                });
            }
        }
        left
    }
}
