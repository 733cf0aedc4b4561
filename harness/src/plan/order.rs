//! The order of a run, drawn from its seed.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// One trial that is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The server's index in the plan.
    pub server: usize,
    /// The cell's index in the plan.
    pub cell: usize,
    /// The seed of its requests. All servers have the same in a round, and so the same requests at the same moments.
    pub seed: u64,
}

/// One pass over all cells of all servers. The trials of a cell follow each other, so that the servers that are
/// compared are measured within seconds of each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// The round's number in its block, from 1.
    pub number: u32,
    /// Its trials, in order.
    pub visits: Vec<Visit>,
}

/// The rounds between a start of all servers and their stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its rounds, in order.
    pub rounds: Vec<Round>,
}

impl Block {
    /// The trials of all rounds, in order, each with the number of its round.
    pub fn visits(&self) -> impl Iterator<Item = (u32, Visit)> {
        self.rounds.iter().flat_map(|round| round.visits.iter().map(|visit| (round.number, *visit)))
    }

    /// The indices of the servers that it measures, in the order of their first trials: so they are started.
    #[must_use]
    pub fn servers(&self) -> Vec<usize> {
        let mut servers = Vec::new();
        for (_, visit) in self.visits() {
            if !servers.contains(&visit.server) {
                servers.push(visit.server);
            }
        }
        servers
    }
}

/// How many of everything a run has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) blocks: u32,
    /// In each block.
    pub(super) rounds: u32,
    pub(super) servers: usize,
    pub(super) cells: usize,
}

/// Draws the order of every block from `seed`; `has` says for each server and cell whether the server has the cell, and
/// `is_in` for each cell and round whether it is measured there.
///
/// Every second round is the one before it in reverse: whatever drifts steadily through both then weighs the same on
/// every server. Each block draws from a stream of its own, so that a longer run begins like a shorter one.
pub(super) fn draw(
    seed: u64,
    size: Size,
    has: impl Fn(usize, usize) -> bool,
    is_in: impl Fn(usize, u32) -> bool,
) -> Vec<Block> {
    let block = |block: u32| {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        rng.set_stream(u64::from(block) + 1);
        let mut order = Vec::new();
        let mut of_number = |number: u32| {
            let seed = rng.next_u64();
            if number.is_multiple_of(2) {
                order.reverse();
            } else {
                order = round(&mut rng, size, &has);
            }
            let measured = order.iter().filter(|(cell, _)| is_in(*cell, number));
            // Two cells of a server differ in what they ask, too.
            let visit =
                |&(cell, server)| Visit { server, cell, seed: seed.wrapping_add(cell as u64) };
            Round { number, visits: measured.map(visit).collect() }
        };
        Block { rounds: (1..=size.rounds).map(&mut of_number).collect() }
    };
    (0..size.blocks).map(block).collect()
}

/// The cells of a round with their servers: cell by cell in a drawn order, the servers of each in a drawn order.
fn round(
    rng: &mut ChaCha12Rng,
    size: Size,
    has: impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    let mut cells: Vec<usize> = (0..size.cells).collect();
    cells.shuffle(rng);
    let mut order = Vec::new();
    for cell in cells {
        let mut servers: Vec<usize> = (0..size.servers).collect();
        servers.shuffle(rng);
        order.extend(servers.into_iter().filter(|&server| has(server, cell)).map(|s| (cell, s)));
    }
    order
}
