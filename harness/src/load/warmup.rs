//! When a warm-up is over: not after a guess, but when the rate of right answers is steady.

use crate::definition::warmup::{WarmedUp, Warmup};
use crate::units::Nanos;

/// How often the answers of a warm-up are counted.
pub const SLICE: Nanos = Nanos(100_000_000);

/// Two halves of a warm-up may differ by this part of their mean and still be steady.
const TOLERANCE: f64 = 0.05;

/// Watches a warm-up, slice by slice.
///
/// The rate is steady when the right answers of the last two stretches, each half as long as the shortest
/// warm-up and at least two slices, differ by at most 5% of their mean, or by twice the standard deviation of the difference of two
/// Poisson counts, √(a + b), whichever is more: a slow load's counts are never equal.
#[derive(Clone, Debug)]
pub struct Watch {
    slices: Vec<u64>,
    half: usize,
    least: usize,
    most: usize,
}

impl Watch {
    /// Of a warm-up that has not begun.
    #[must_use]
    pub fn new(warmup: Warmup) -> Watch {
        let slices = |length: Nanos| length.0.div_ceil(SLICE.0) as usize;
        let least = slices(warmup.least);
        Watch { slices: Vec::new(), half: (least / 2).max(2), least, most: slices(warmup.most) }
    }

    /// So many right answers came in the next slice. Tells when the warm-up is over.
    pub fn slice(&mut self, right: u64) -> Option<WarmedUp> {
        self.slices.push(right);
        let count = self.slices.len();
        let steady = self.is_steady();
        ((steady && count >= self.least) || count >= self.most)
            .then_some(WarmedUp { length: Nanos(SLICE.0 * count as u64), steady })
    }

    fn is_steady(&self) -> bool {
        let mut newest = self.slices.rchunks(self.half);
        let (Some(later), Some(earlier)) = (newest.next(), newest.next()) else { return false };
        if earlier.len() < self.half {
            return false;
        }
        let sum = |slices: &[u64]| slices.iter().sum::<u64>() as f64;
        let (earlier, later) = (sum(earlier), sum(later));
        let both = earlier + later;
        both > 0.0 && (later - earlier).abs() <= (TOLERANCE * both / 2.0).max(2.0 * both.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(least: u64, most: u64, slices: impl IntoIterator<Item = u64>) -> Option<(u64, bool)> {
        let warmup = Warmup { least: Nanos(least * SLICE.0), most: Nanos(most * SLICE.0) };
        let mut watch = Watch::new(warmup);
        let ended = slices.into_iter().find_map(|right| watch.slice(right))?;
        Some((ended.length.0 / SLICE.0, ended.steady))
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
        let mut watch = Watch::new(Warmup::fixed(Nanos(3 * SLICE.0)));
        let ended: Vec<_> = (0..3).map(|slice| watch.slice(slice * 9_000)).collect();
        assert!(ended[..2].iter().all(Option::is_none) && ended[2].is_some());
    }
}
