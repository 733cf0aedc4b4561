use serde::{Deserialize, Serialize};

/// How far from an end of the window right answers are counted, in nanoseconds.
const REACH: i64 = 200_000_000;
/// The length of a bin, in nanoseconds.
const WIDTH: i64 = 1_000_000;
const BINS: usize = (2 * REACH / WIDTH) as usize;

/// The right answers around both ends of a window, millisecond by millisecond.
///
/// Who reads a process's CPU time at the ends of a window may be some milliseconds early or late, on a busy machine more.
/// With these counts it is known how many answers came between the two readings, whenever they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edges {
    /// How long before the window's start the counts begin to be complete, in nanoseconds.
    known_ns: u64,
    /// The counts from 200 ms before the start to 200 ms after it.
    start: Vec<u32>,
    /// The counts from 200 ms before the end to 200 ms after it.
    end: Vec<u32>,
}

impl Edges {
    /// No answers yet, with counts that are complete from `known_ns` before the window's start on.
    #[must_use]
    pub fn new(known_ns: u64) -> Edges {
        Edges { known_ns, start: vec![0; BINS], end: vec![0; BINS] }
    }

    /// Counts a right answer that came so many nanoseconds after the window's start and its end, or before them where
    /// negative.
    pub fn count(&mut self, after_start: i64, after_end: i64) {
        for (bins, at) in [(&mut self.start, after_start), (&mut self.end, after_end)] {
            if (-REACH..REACH).contains(&at) {
                bins[((at + REACH) / WIDTH) as usize] += 1;
            }
        }
    }

    /// Adds the counts of another part of the same load, which has the same window.
    pub fn add(&mut self, other: &Edges) {
        self.known_ns = self.known_ns.min(other.known_ns);
        for (mine, other) in [(&mut self.start, &other.start), (&mut self.end, &other.end)] {
            mine.iter_mut().zip(other).for_each(|(mine, other)| *mine += other);
        }
    }

    /// The right answers between two moments, so many nanoseconds after the window's start and its end, or before them where
    /// negative, given those within the window. `None` where a moment is out of reach.
    #[must_use]
    pub fn between(&self, in_window: u64, after_start: i64, after_end: i64) -> Option<u64> {
        let known = i64::try_from(self.known_ns).unwrap_or(i64::MAX);
        if after_start < -known {
            return None;
        }
        let all =
            in_window as f64 + since(&self.end, after_end)? - since(&self.start, after_start)?;
        Some(all.max(0.0).round() as u64)
    }
}

/// The answers from the middle of `bins` to a moment; negative before the middle. Within a bin they are taken to be even.
fn since(bins: &[u32], at: i64) -> Option<f64> {
    if !(-REACH..=REACH).contains(&at) || bins.len() != BINS {
        return None;
    }
    let before = |at: i64| {
        let (whole, rest) = ((at / WIDTH) as usize, at % WIDTH);
        let part =
            bins.get(whole).map_or(0.0, |count| f64::from(*count) * rest as f64 / WIDTH as f64);
        f64::from(bins[..whole].iter().sum::<u32>()) + part
    };
    Some(before(at + REACH) - before(REACH))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// A window of 1 s with an answer each tenth of a millisecond, from 100 ms before its start to 20 ms after its end.
    fn edges() -> Edges {
        let mut edges = Edges::new(100_000_000);
        for i in -1_000..10_200 {
            let at = i * MS / 10;
            edges.count(at, at - 1_000 * MS);
        }
        edges
    }

    #[test]
    fn answers_are_counted_between_any_two_moments_near_the_ends() {
        let edges = edges();
        for (from, to, answers) in [
            (0, 0, 10_000),
            (-40 * MS, 0, 10_400),
            (30 * MS, 10 * MS, 9_800),
            (-100 * MS, 150 * MS, 11_200),
            (MS / 2, -MS / 2, 9_990),
        ] {
            assert_eq!(edges.between(10_000, from, to), Some(answers), "{from} {to}");
        }
    }

    #[test]
    fn a_moment_out_of_reach_has_no_count() {
        let edges = edges();
        assert_eq!(edges.between(10_000, -101 * MS, 0), None);
        assert_eq!(edges.between(10_000, 201 * MS, 0), None);
        assert_eq!(edges.between(10_000, 0, 201 * MS), None);
    }

    #[test]
    fn parts_of_a_load_add_up() {
        let (mut sum, late) = (edges(), Edges { known_ns: 5, ..edges() });
        sum.add(&late);
        assert_eq!(sum.between(20_000, 10 * MS, 10 * MS), Some(20_000));
        assert_eq!(sum.between(20_000, -6, 0), None, "what one of them does not know, none does");
    }
}
