use std::time::Duration;

/// What the right answers are counted by.
pub(crate) const SLICE: Duration = Duration::from_millis(100);

/// Whether a rate is steady, from the right answers of one slice after another.
///
/// The counts a and b of two neighbouring stretches of half the shortest warm-up, but at least two slices, may differ
/// by 5% of their mean, or by twice the standard deviation that chance alone gives the difference of two counts
/// (√(a + b), as both are Poisson's), whichever is more.
#[derive(Clone, Debug)]
pub(crate) struct Warmup {
    /// Slices of the shortest warm-up.
    shortest: usize,
    /// Slices of a stretch.
    half: usize,
    counts: Vec<u64>,
}

impl Warmup {
    /// For a warm-up of at least `shortest`.
    pub(crate) fn new(shortest: Duration) -> Warmup {
        let slices = |length: Duration| {
            usize::try_from(length.as_millis() / SLICE.as_millis())
                .expect("an hour has not that many slices")
        };
        Warmup {
            shortest: usize::try_from(shortest.as_millis().div_ceil(SLICE.as_millis()))
                .expect("an hour has not that many slices"),
            half: slices(shortest / 2).max(2),
            counts: Vec::new(),
        }
    }

    /// A slice has ended with so many right answers. Whether the warm-up has, too.
    pub(crate) fn slice(&mut self, right: u64) -> bool {
        self.counts.push(right);
        let count = self.counts.len();
        if count < self.shortest.max(2 * self.half) {
            return false;
        }
        let sum = |from: usize, to: usize| self.counts[from..to].iter().sum::<u64>() as f64;
        let a = sum(count - 2 * self.half, count - self.half);
        let b = sum(count - self.half, count);
        a + b > 0.0 && (a - b).abs() <= (0.05 * (a + b) / 2.0).max(2.0 * (a + b).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many slices the warm-up ends.
    fn ends(shortest_ms: u64, counts: impl IntoIterator<Item = u64>) -> Option<usize> {
        let mut warmup = Warmup::new(Duration::from_millis(shortest_ms));
        counts.into_iter().position(|right| warmup.slice(right)).map(|index| index + 1)
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
