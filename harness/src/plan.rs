//! The order of a run: which server when, and which of its cells in which order.

use std::time::Duration;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};

use crate::definition::scenario::{Catalogue, Load, Scenario};
use crate::definition::{DefinitionError, Profile, Registry, Server, profile, select};

/// A cell as every server of the run has it: a scenario under a load, with its times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// What is asked.
    pub scenario: Scenario,
    /// How it is asked.
    pub load: Load,
    /// Warm-up and window.
    pub times: profile::Visit,
}

/// One server's turn within a block: it is started, its cells are measured in this order, it is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Index into the plan's servers.
    pub server: usize,
    /// Indices into the plan's cells.
    pub cells: Vec<usize>,
    /// The seed of its requests: that of the block, so that all its servers are asked alike.
    pub seed: u64,
}

/// One pass over all cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Every server once.
    pub turns: Vec<Turn>,
}

/// All that a run will do, in order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What orders and requests are drawn from.
    pub seed: u64,
    /// The profile's name.
    pub profile: String,
    /// Who is measured.
    pub servers: Vec<Server>,
    /// What is measured of each.
    pub cells: Vec<Cell>,
    /// In which order.
    pub blocks: Vec<Block>,
}

/// What a turn costs besides its warm-ups and windows: start, health, drain and stop.
const TURN_OVERHEAD: Duration = Duration::from_millis(900);
/// What a trial costs besides its warm-up and window: the load's own start and end.
const TRIAL_OVERHEAD: Duration = Duration::from_millis(350);

impl Plan {
    /// Selects servers and cells and draws every order from `seed`.
    ///
    /// # Errors
    /// When a filter matches nothing.
    pub fn new(
        registry: &Registry,
        catalogue: &Catalogue,
        profile: &Profile,
        filter: &crate::args::Filter,
        seed: u64,
    ) -> Result<Plan, DefinitionError> {
        let servers: Vec<Server> =
            select("server", registry.servers(), &filter.servers, |server| &server.name)?
                .into_iter()
                .cloned()
                .collect();
        let cells = select("scenario", &profile.cell, &filter.scenarios, |cell| &cell.scenario)?;
        let loads = select("load", &profile.cell, &filter.loads, |cell| &cell.load)?;
        let cells: Vec<Cell> = cells
            .into_iter()
            .filter(|cell| loads.contains(cell))
            .map(|times| Cell {
                scenario: find(&catalogue.scenarios, &times.scenario, |scenario| &scenario.name),
                load: find(&catalogue.loads, &times.load, |load| &load.name),
                times: times.clone(),
            })
            .collect();
        if cells.is_empty() {
            return Err(DefinitionError::NoMatch {
                kind: "cell",
                pattern: "these scenarios under these loads".into(),
                known: profile
                    .cell
                    .iter()
                    .map(|cell| format!("{} × {}", cell.scenario, cell.load))
                    .collect::<Vec<_>>()
                    .join(", "),
            });
        }
        Ok(Plan {
            seed,
            profile: profile.name.clone(),
            blocks: draw(seed, profile.blocks, servers.len(), cells.len()),
            servers,
            cells,
        })
    }

    /// How long the blocks will take, calibration and verification aside.
    #[must_use]
    pub fn expected(&self) -> Duration {
        let cells: Duration = self
            .cells
            .iter()
            .map(|cell| cell.times.warmup() + cell.times.window() + TRIAL_OVERHEAD)
            .sum();
        let turns = self.blocks.len() as u32 * self.servers.len() as u32;
        (cells + TURN_OVERHEAD) * turns
    }
}

/// The item of that name: profiles were checked against the catalogue when they were read.
fn find<T: Clone>(items: &[T], name: &str, name_of: impl Fn(&T) -> &str) -> T {
    items
        .iter()
        .find(|item| name_of(item) == name)
        .expect("a profile names only what the catalogue holds")
        .clone()
}

/// Each block draws from a stream of its own, so that a longer run begins like a shorter one.
fn draw(seed: u64, blocks: u32, servers: usize, cells: usize) -> Vec<Block> {
    (0..blocks)
        .map(|block| {
            let mut rng = ChaCha12Rng::seed_from_u64(seed);
            rng.set_stream(u64::from(block) + 1);
            // One for all servers of a block: they are asked the same, at the same moments.
            let seed = rng.next_u64();
            let mut order: Vec<usize> = (0..servers).collect();
            order.shuffle(&mut rng);
            let turns = order
                .into_iter()
                .map(|server| {
                    let mut cells: Vec<usize> = (0..cells).collect();
                    cells.shuffle(&mut rng);
                    Turn { server, cells, seed }
                })
                .collect();
            Block { turns }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::draw;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_block_visits_every_cell_once(seed: u64, blocks in 1u32..6, servers in 1usize..12, cells in 1usize..5) {
            let plan = draw(seed, blocks, servers, cells);
            prop_assert_eq!(plan.len(), blocks as usize);
            for block in &plan {
                let mut visited: Vec<_> = block.turns.iter()
                    .flat_map(|turn| turn.cells.iter().map(|cell| (turn.server, *cell)))
                    .collect();
                visited.sort_unstable();
                let all: Vec<_> = (0..servers).flat_map(|s| (0..cells).map(move |c| (s, c))).collect();
                prop_assert_eq!(visited, all);
            }
        }

        #[test]
        fn the_seed_is_all_that_the_order_depends_on(seed: u64) {
            prop_assert_eq!(draw(seed, 4, 10, 2), draw(seed, 4, 10, 2));
            // A longer run begins like a shorter one.
            prop_assert_eq!(&draw(seed, 8, 10, 2)[..4], &draw(seed, 4, 10, 2)[..]);
            prop_assert_ne!(draw(seed, 4, 10, 2), draw(seed.wrapping_add(1), 4, 10, 2));
        }
    }

    #[test]
    fn orders_differ_between_blocks() {
        let plan = draw(7, 8, 10, 2);
        assert!(plan.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
