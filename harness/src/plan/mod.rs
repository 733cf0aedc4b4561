//! The plan of a run: its servers and cells, and the order in which they are measured.

mod order;
mod selection;

use std::time::Duration;

pub use order::{Block, Turn};

use crate::definition::cell::Cell;
use crate::definition::scenario::Catalogue;
use crate::definition::server::RunServer;
use crate::definition::study::RunStudy;
use crate::definition::{DefinitionError, Filter, Profile, Registry, Server, Study};
use order::draw;
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
    /// The passes over all cells, in order.
    pub blocks: Vec<Block>,
}

/// The plan of a run, as its record holds it.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The seed from which orders and requests were drawn.
    pub seed: u64,
    /// The profile's name.
    pub profile: &'a str,
    /// The number of planned passes over all cells.
    pub blocks: u32,
    /// The questions that it answers.
    pub studies: &'a [RunStudy],
    /// The servers that were to be measured.
    pub servers: &'a [RunServer],
    /// The cells that were to be measured.
    pub cells: &'a [Cell],
}

/// The duration of a turn besides its warm-ups and windows: start, health check, drain and stop.
const TURN_OVERHEAD: Duration = Duration::from_millis(900);
/// The average length of a warm-up, as a multiple of its shortest length.
const WARMUP_STRETCH: f64 = 1.3;
/// The duration of a trial besides its warm-up and window: the load's own start and end.
const TRIAL_OVERHEAD: Duration = Duration::from_millis(350);

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
        let Selection { servers, cells, studies } =
            Selection::of(registry, catalogue, studies, profile, filter)?;
        Ok(Plan::drawn(seed, profile.name.clone(), profile.blocks, studies, servers, cells))
    }

    /// The plan of a recorded run: the same cells in the same order, for the servers that have the same names now.
    ///
    /// # Errors
    /// When the registry lacks one of the servers.
    pub fn repeat(recorded: &Recorded<'_>, registry: &Registry) -> Result<Plan, DefinitionError> {
        let Recorded { seed, profile, blocks, studies, servers, cells } = *recorded;
        let servers = servers
            .iter()
            .map(|recorded| {
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
        Ok(Plan::drawn(seed, profile, blocks, studies, servers, cells))
    }

    fn drawn(
        seed: u64,
        profile: String,
        blocks: u32,
        studies: Vec<RunStudy>,
        servers: Vec<Server>,
        cells: Vec<Cell>,
    ) -> Plan {
        let has = |server: usize, cell: usize| has(&studies, &servers[server], &cells[cell]);
        let blocks = draw(seed, blocks, servers.len(), cells.len(), has);
        Plan { seed, profile, studies, servers, cells, blocks }
    }

    /// Whether a server has a cell.
    #[must_use]
    pub fn has(&self, server: &Server, cell: &Cell) -> bool {
        has(&self.studies, server, cell)
    }

    /// The number of trials.
    #[must_use]
    pub fn trials(&self) -> usize {
        self.blocks.iter().flat_map(|block| &block.turns).map(|turn| turn.cells.len()).sum()
    }

    /// The expected duration of the blocks, without calibration and verification.
    #[must_use]
    pub fn expected(&self) -> Duration {
        let of_cell = |&cell: &usize| {
            let times = &self.cells[cell].times;
            // A noisy rate takes some slices more than the shortest warm-up to count as steady.
            Duration::from(times.warmup().least).mul_f64(WARMUP_STRETCH)
                + times.window()
                + TRIAL_OVERHEAD
        };
        let turns = self.blocks.iter().flat_map(|block| &block.turns);
        turns.map(|turn| turn.cells.iter().map(of_cell).sum::<Duration>() + TURN_OVERHEAD).sum()
    }
}

#[cfg(test)]
mod tests;
