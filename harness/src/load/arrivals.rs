//! The times at which the requests of an open load are due. No clock is read here.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::spec::Shard;
use crate::definition::scenario::Arrivals;
use crate::units::PerSecond;

/// The times at which the requests of one shard are due, in nanoseconds after the load's start, without end.
///
/// Constant: request i of the whole load is due at i/R, and shard k of n takes i = k, k+n, k+2n, …
/// Poisson: the gaps are exponential with mean n/R, so the sum of the shards is a Poisson process with rate R.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The gap between two requests of this shard, in nanoseconds; its mean for Poisson times.
    gap: f64,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Constant { offset: f64, index: u64 },
    Poisson { rng: Box<ChaCha12Rng>, at: f64 },
}

impl Schedule {
    /// Creates the schedule of a shard. `rate` is that of all shards together.
    #[must_use]
    pub fn new(rate: PerSecond, arrivals: Arrivals, shard: Shard, seed: u64) -> Schedule {
        let apart = 1e9 / rate.0;
        let kind = match arrivals {
            Arrivals::Constant => {
                Kind::Constant { offset: apart * f64::from(shard.index), index: 0 }
            }
            Arrivals::Poisson => {
                let mut rng = ChaCha12Rng::seed_from_u64(seed);
                rng.set_stream(u64::from(shard.index));
                Kind::Poisson { rng: Box::new(rng), at: 0.0 }
            }
        };
        Schedule { gap: apart * f64::from(shard.count), kind }
    }
}

impl Iterator for Schedule {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        Some(match &mut self.kind {
            Kind::Constant { offset, index } => {
                // A product, not a sum, so that there is no drift, however long the load is.
                let due = *offset + self.gap * *index as f64;
                *index += 1;
                due as u64
            }
            Kind::Poisson { rng, at } => {
                // The inverse of the exponential distribution; 1 - u is never 0.
                let uniform: f64 = rng.random();
                *at -= self.gap * (1.0 - uniform).ln();
                *at as u64
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn schedule(rate: f64, arrivals: Arrivals, index: u32, count: u32) -> Schedule {
        Schedule::new(PerSecond(rate), arrivals, Shard { index, count }, 42)
    }

    proptest! {
        #[test]
        fn shards_of_a_constant_load_interleave_to_the_whole(rate in 1.0f64..50_000.0, count in 1u32..8) {
            let whole: Vec<u64> = schedule(rate, Arrivals::Constant, 0, 1).take(64 * count as usize).collect();
            let mut parts: Vec<u64> = (0..count)
                .flat_map(|k| schedule(rate, Arrivals::Constant, k, count).take(64))
                .collect();
            parts.sort_unstable();
            for (whole, part) in whole.iter().zip(&parts) {
                // The two results are rounded to the nanosecond in different ways.
                prop_assert!(whole.abs_diff(*part) <= 1);
            }
        }

        #[test]
        fn due_times_never_go_back(rate in 1.0f64..50_000.0, index in 0u32..4) {
            for arrivals in [Arrivals::Constant, Arrivals::Poisson] {
                let times: Vec<u64> = schedule(rate, arrivals, index, 4).take(1000).collect();
                prop_assert!(times.is_sorted());
            }
        }
    }

    #[test]
    fn poisson_gaps_have_the_mean_and_the_spread_of_an_exponential() {
        let times: Vec<u64> = schedule(1_000.0, Arrivals::Poisson, 0, 1).take(100_001).collect();
        let gaps: Vec<f64> =
            times.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // The bounds are five standard errors: 1/√n of the mean, and √8/√n of the variance (fourth moment 9).
        assert!((mean - 1.0).abs() < 0.016, "{mean}");
        assert!((variance - 1.0).abs() < 0.045, "{variance}");
    }
}
