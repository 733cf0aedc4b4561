//! The order of a run, drawn from its seed.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// The turn of one server within a block: it is started, its cells are measured in this order, it is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The server's index in the plan.
    pub server: usize,
    /// The indices of its cells in the plan.
    pub cells: Vec<usize>,
    /// The seed of its requests. It is that of the block, so that all its servers get the same requests.
    pub seed: u64,
}

/// One pass over all cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// A turn for each server.
    pub turns: Vec<Turn>,
}

/// Draws the order of every block from `seed`; `has` tells for each of the given numbers of servers and cells whether
/// the server has the cell.
///
/// Each block draws from a stream of its own, so that a longer run begins like a shorter one.
pub(super) fn draw(
    seed: u64,
    blocks: u32,
    servers: usize,
    cells: usize,
    has: impl Fn(usize, usize) -> bool,
) -> Vec<Block> {
    (0..blocks)
        .map(|block| {
            let mut rng = ChaCha12Rng::seed_from_u64(seed);
            rng.set_stream(u64::from(block) + 1);
            // All servers of a block have the same seed, and so the same requests at the same moments.
            let seed = rng.next_u64();
            let mut order: Vec<usize> = (0..servers).collect();
            order.shuffle(&mut rng);
            let turns = order
                .into_iter()
                .map(|server| {
                    let mut order: Vec<usize> = (0..cells).collect();
                    order.shuffle(&mut rng);
                    order.retain(|&cell| has(server, cell));
                    Turn { server, cells: order, seed }
                })
                .collect();
            Block { turns }
        })
        .collect()
}
