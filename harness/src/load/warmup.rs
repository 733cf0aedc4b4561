//! The end of a warm-up: when the rate of right answers is steady, not after a guessed time.

use drive::SteadyRate;

use crate::definition::warmup::{WarmedUp, Warmup};
use crate::units::Nanos;

/// The interval in which the answers of a warm-up are counted.
pub const COUNT_INTERVAL: Nanos = Nanos(drive::SLICE.as_nanos() as u64);

/// Watches a warm-up, slice by slice. A server that drives itself ends its warm-up by the same rule.
#[derive(Clone, Debug)]
pub struct Watch {
    rate: SteadyRate,
    passed: u64,
    most: u64,
}

impl Watch {
    /// A warm-up that has not begun.
    #[must_use]
    pub fn new(warmup: Warmup) -> Watch {
        Watch {
            rate: SteadyRate::new(warmup.least.into()),
            passed: 0,
            most: warmup.most.0.div_ceil(COUNT_INTERVAL.0),
        }
    }

    /// Counts the right answers of the next slice. Returns how the warm-up ended if it is over.
    pub fn slice(&mut self, right: u64) -> Option<WarmedUp> {
        self.passed += 1;
        let steady = self.rate.slice(right);
        (steady || self.passed >= self.most)
            .then_some(WarmedUp { length: Nanos(COUNT_INTERVAL.0 * self.passed), steady })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(least: u64, most: u64, slices: impl IntoIterator<Item = u64>) -> Option<(u64, bool)> {
        let warmup =
            Warmup { least: Nanos(least * COUNT_INTERVAL.0), most: Nanos(most * COUNT_INTERVAL.0) };
        let mut watch = Watch::new(warmup);
        let ended = slices.into_iter().find_map(|right| watch.slice(right))?;
        Some((ended.length.0 / COUNT_INTERVAL.0, ended.steady))
    }

    #[test]
    fn a_steady_rate_ends_at_the_least() {
        assert_eq!(ends(4, 20, [1_000; 20]), Some((4, true)));
        assert_eq!(ends(5, 20, [1_000; 20]), Some((5, true)));
    }

    #[test]
    fn a_rising_rate_is_waited_for_and_a_limit_ends_the_waiting() {
        let rising = [0, 500, 700, 900, 1_000, 1_000, 1_000, 1_000];
        assert_eq!(ends(4, 20, rising), Some((7, true)));
        assert_eq!(ends(4, 10, (1..).map(|slice| slice * slice * 1_000)), Some((10, false)));
        assert_eq!(ends(4, 10, [0; 20]), Some((10, false)), "no answers are not steady");
    }

    #[test]
    fn a_slow_rate_is_allowed_the_chance_in_its_counts() {
        assert_eq!(ends(4, 20, [1, 0, 2, 1]), Some((4, true)));
    }

    #[test]
    fn a_fixed_length_is_kept() {
        let mut watch = Watch::new(Warmup::fixed(Nanos(3 * COUNT_INTERVAL.0)));
        let ended: Vec<_> = (0..3).map(|slice| watch.slice(slice * 9_000)).collect();
        assert!(ended[..2].iter().all(Option::is_none) && ended[2].is_some());
    }
}
