//! The sample of answers that are compared value by value.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// Draws which answers are compared, one in so many. It is drawn from a seed that nobody knows: an answer that is not compared
/// looks like one that is.
#[derive(Debug)]
pub(super) struct Sample {
    one_in: u64,
    rng: ChaCha12Rng,
}

impl Sample {
    /// A sample of one in `one_in` answers.
    pub(super) fn new(one_in: u64) -> Sample {
        Sample { one_in, rng: ChaCha12Rng::seed_from_u64(rand::random()) }
    }

    /// Whether the next answer is compared.
    pub(super) fn has_next(&mut self) -> bool {
        self.rng.random_range(0..self.one_in) == 0
    }
}
