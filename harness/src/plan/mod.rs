//! The plan of a run: its servers and cells, and the order in which they are measured.

mod order;
mod selection;

use std::collections::BTreeSet;
use std::time::Duration;

pub use order::{Block, Round, Visit};

use crate::definition::cell::Cell;
use crate::definition::scenario::Catalogue;
use crate::definition::server::RunServer;
use crate::definition::study::RunStudy;
use crate::definition::{
    Commits, DefinitionError, Filter, Profile, Registry, Revision, Server, Study,
};
use order::{Size, draw};
use selection::{Selection, has};

/// Everything that a run does, in order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed from which orders and requests are drawn.
    pub seed: u64,
    /// The profile's name.
    pub profile: String,
    /// The questions that it answers; empty for a run recorded before there were studies, in which every server has
    /// every cell.
    pub studies: Vec<RunStudy>,
    /// The servers that are measured.
    pub servers: Vec<Server>,
    /// The cells that are measured; a server has those for which [`Plan::has`] is true.
    pub cells: Vec<Cell>,
    /// The blocks, in order.
    pub blocks: Vec<Block>,
}

/// The plan of a run, as its record holds it.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The seed from which orders and requests were drawn.
    pub seed: u64,
    /// The profile's name.
    pub profile: &'a str,
    /// The number of planned blocks.
    pub blocks: u32,
    /// The number of rounds in each block.
    pub rounds: u32,
    /// The questions that it answers.
    pub studies: &'a [RunStudy],
    /// The servers that were to be measured.
    pub servers: &'a [RunServer],
    /// The cells that were to be measured.
    pub cells: &'a [Cell],
}

/// The duration of a server's start, health check and stop. A container takes longer.
const START_OVERHEAD: Duration = Duration::from_millis(30);
/// The average length of a warm-up, as a multiple of its shortest length.
const WARMUP_STRETCH: f64 = 1.3;
/// The duration of a trial besides its warm-up and window: what is read and counted before and after it.
const TRIAL_OVERHEAD: Duration = Duration::from_millis(90);

impl Plan {
    /// Selects the servers and cells of `studies`, and draws every order from `seed`.
    ///
    /// # Errors
    /// When a filter matches nothing, or nothing of a study is left.
    pub fn new(
        registry: &Registry,
        catalogue: &Catalogue,
        studies: &[&Study],
        profile: &Profile,
        filter: &Filter,
        seed: u64,
    ) -> Result<Plan, DefinitionError> {
        let selection = Selection::of(registry, catalogue, studies, profile, filter)?;
        Ok(Plan::selected(selection, profile, seed))
    }

    /// Selects the contenders of `studies` that both commits have, and the cells, and draws every order from `seed`. In
    /// the filter, servers have the names of the registries.
    ///
    /// # Errors
    /// When a filter matches nothing, nothing of a study is left, or only one commit has a server.
    pub fn of_commits(
        commits: &Commits,
        catalogue: &Catalogue,
        studies: &[&Study],
        profile: &Profile,
        filter: &Filter,
        seed: u64,
    ) -> Result<Plan, DefinitionError> {
        let selection = Selection::of_commits(commits, catalogue, studies, profile, filter)?;
        Ok(Plan::selected(selection, profile, seed))
    }

    fn selected(selection: Selection, profile: &Profile, seed: u64) -> Plan {
        let Selection { servers, cells, studies } = selection;
        let length = (profile.blocks, profile.rounds);
        Plan::drawn(seed, profile.name.clone(), length, studies, servers, cells)
    }

    /// The plan of a recorded run: the same cells in the same order, for the servers that have the same names now in the
    /// registry, or in that of their commit.
    ///
    /// # Errors
    /// When a registry lacks one of the servers, or a commit is missing among `revisions`.
    pub fn repeat(
        recorded: &Recorded<'_>,
        registry: &Registry,
        revisions: &[Revision],
    ) -> Result<Plan, DefinitionError> {
        let Recorded { seed, profile, blocks, rounds, studies, servers, cells } = *recorded;
        let servers = servers
            .iter()
            .map(|recorded| {
                let revision = recorded.revision.as_ref();
                let revision = revision.map(|commit| of_commit(revisions, commit)).transpose()?;
                let registry = revision.map_or(registry, |revision| &revision.registry);
                let known = registry.servers().iter();
                let found = known.clone().find(|server| server.name == recorded.original());
                let server = found.ok_or_else(|| DefinitionError::Unknown {
                    kind: "server",
                    name: recorded.original().to_owned(),
                    known: known.map(|server| server.name.as_str()).collect::<Vec<_>>().join(", "),
                })?;
                let server = match recorded.pool_size {
                    Some(size) => server.with_pool_size(size),
                    None => server.clone(),
                };
                let server = match (revision, recorded.side()) {
                    (Some(revision), Some(side)) => Server {
                        axes: recorded.axes.clone(),
                        ..server.at(side.name(), revision.checkout.clone())
                    },
                    _ => server,
                };
                // Its trials bear its recorded name.
                Ok(Server {
                    name: recorded.name.clone(),
                    role: recorded.role,
                    twin_of: recorded.twin_of.clone(),
                    ..server
                })
            })
            .collect::<Result<Vec<_>, DefinitionError>>()?;
        let (profile, studies, cells) = (profile.to_owned(), studies.to_vec(), cells.to_vec());
        Ok(Plan::drawn(seed, profile, (blocks, rounds), studies, servers, cells))
    }

    fn drawn(
        seed: u64,
        profile: String,
        (blocks, rounds): (u32, u32),
        studies: Vec<RunStudy>,
        servers: Vec<Server>,
        cells: Vec<Cell>,
    ) -> Plan {
        let has = |server: usize, cell: usize| has(&studies, &servers[server], &cells[cell]);
        let size = Size { blocks, rounds, servers: servers.len(), cells: cells.len() };
        let is_in = |cell: usize, round| cells[cell].times.is_in(round);
        let blocks = draw(seed, size, has, is_in);
        Plan { seed, profile, studies, servers, cells, blocks }
    }

    /// Whether it compares two commits.
    #[must_use]
    pub fn is_of_commits(&self) -> bool {
        self.servers.iter().any(|server| server.checkout.is_some())
    }

    /// Whether a server has a cell.
    #[must_use]
    pub fn has(&self, server: &Server, cell: &Cell) -> bool {
        has(&self.studies, server, cell)
    }

    /// The number of rounds in each block.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.blocks.iter().map(|block| block.rounds.len()).max().unwrap_or(0) as u32
    }

    /// The number of trials.
    #[must_use]
    pub fn trials(&self) -> usize {
        self.blocks.iter().map(|block| block.visits().count()).sum()
    }

    /// The expected duration of the blocks, without calibration and verification.
    #[must_use]
    pub fn expected(&self) -> Duration {
        self.blocks.iter().map(|block| self.expected_of(block)).sum()
    }

    fn expected_of(&self, block: &Block) -> Duration {
        let mut warm = BTreeSet::new();
        let of_visit = |(_, visit): (u32, Visit)| {
            let times = &self.cells[visit.cell].times;
            let warmup = if warm.insert((visit.server, visit.cell)) {
                // A noisy rate takes some intervals more than the shortest warm-up to count as steady.
                Duration::from(times.warmup().least).mul_f64(WARMUP_STRETCH)
            } else {
                times.settle()
            };
            warmup + times.window() + TRIAL_OVERHEAD
        };
        let starts = START_OVERHEAD * block.servers().len() as u32;
        block.visits().map(of_visit).sum::<Duration>() + starts
    }
}

/// The commit of this full hash.
fn of_commit<'a>(revisions: &'a [Revision], commit: &str) -> Result<&'a Revision, DefinitionError> {
    let known = || revisions.iter().map(|known| known.checkout.commit.as_str());
    revisions.iter().find(|known| known.checkout.commit == commit).ok_or_else(|| {
        DefinitionError::Unknown {
            kind: "commit",
            name: commit.to_owned(),
            known: known().collect::<Vec<_>>().join(", "),
        }
    })
}

#[cfg(test)]
mod tests;
