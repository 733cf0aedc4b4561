use std::time::Duration;

/// The length of time over which the right answers of a warm-up are counted.
pub const SLICE: Duration = Duration::from_millis(100);

/// The difference of two stretches, as a fraction of their mean, that counts as steady.
const TOLERANCE: f64 = 0.05;

/// Finds out when the rate of a warm-up is steady, from the right answers of one [`SLICE`] after another.
///
/// The counts a and b of the last two stretches, each half as long as the shortest warm-up but at least two slices,
/// may differ by 5% of their mean, or by twice the standard deviation of the difference of two Poisson counts,
/// √(a + b), whichever is more: a slow load's counts are never equal.
#[derive(Clone, Debug)]
pub struct SteadyRate {
    /// Slices of the shortest warm-up.
    shortest: usize,
    /// Slices of a stretch.
    stretch: usize,
    counts: Vec<u64>,
}

impl SteadyRate {
    /// A warm-up of at least `shortest` that has not begun.
    #[must_use]
    pub fn new(shortest: Duration) -> SteadyRate {
        let slices = |length: u128| {
            usize::try_from(length / SLICE.as_nanos()).expect("no warm-up has that many slices")
        };
        SteadyRate {
            shortest: slices(shortest.as_nanos() + SLICE.as_nanos() - 1),
            stretch: slices(shortest.as_nanos() / 2).max(2),
            counts: Vec::new(),
        }
    }

    /// Counts the right answers of the slice that has ended. True if the warm-up may end with it.
    pub fn slice(&mut self, right: u64) -> bool {
        self.counts.push(right);
        let count = self.counts.len();
        if count < self.shortest.max(2 * self.stretch) {
            return false;
        }
        let sum = |from: usize, to: usize| self.counts[from..to].iter().sum::<u64>() as f64;
        let a = sum(count - 2 * self.stretch, count - self.stretch);
        let b = sum(count - self.stretch, count);
        a + b > 0.0 && (a - b).abs() <= (TOLERANCE * (a + b) / 2.0).max(2.0 * (a + b).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many slices the warm-up ends.
    fn ends(shortest_ms: u64, counts: impl IntoIterator<Item = u64>) -> Option<usize> {
        let mut rate = SteadyRate::new(Duration::from_millis(shortest_ms));
        counts.into_iter().position(|right| rate.slice(right)).map(|index| index + 1)
    }

    #[test]
    fn a_steady_rate_ends_it_as_soon_as_may_be() {
        assert_eq!(ends(500, [1_000; 20]), Some(5));
        assert_eq!(ends(0, [1_000; 20]), Some(4));
        assert_eq!(ends(1_000, [1_000; 20]), Some(10));
        assert_eq!(ends(450, [1_000; 20]), Some(5));
    }

    #[test]
    fn a_rising_rate_does_not() {
        assert_eq!(ends(500, (1..=20).map(|slice| slice * 10_000)), None);
        // It stops to rise after the sixth slice: four more are two halves of the same rate.
        let counts = (1..=20_u64).map(|slice| slice.min(7) * 100_000);
        assert_eq!(ends(500, counts), Some(10));
    }

    #[test]
    fn five_percent_of_the_mean_are_steady() {
        let counts = |b| [[1_000_000; 2], [b; 2]].concat();
        assert_eq!(ends(0, counts(1_051_200)), Some(4));
        assert_eq!(ends(0, counts(1_051_300)), None);
    }

    #[test]
    fn few_answers_may_differ_by_chance() {
        // 2·√(a + b) is 40 for a + b = 400.
        assert_eq!(ends(0, [90, 90, 110, 110]), Some(4));
        assert_eq!(ends(0, [89, 89, 111, 111]), None);
    }
}
