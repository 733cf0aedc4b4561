//! Instructions and allocations per request, from what was counted.

use crate::format::counts::{Batch, Counted, Start};
use crate::observe::callgrind::Executed;
use crate::stats::{self, Estimate};

/// The number of starts below which nothing is said: two would allow an interval, but one that is a guess.
pub const FEWEST_STARTS: usize = 3;
/// The half-width of the interval, as a part of the mean, below which a count is settled.
pub const SETTLED: f64 = 0.01;

/// What a request executes: estimates over the starts of a server, with their intervals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountFigures {
    /// Instructions in user space per request.
    pub instructions: Estimate,
    /// Allocations per request.
    pub allocations: Estimate,
}

/// The figures of what was counted; absent where there were fewer than two starts.
///
/// A start gives one value, the mean of its batches. Batches of one start are alike, since they share its threads and its
/// memory's layout; starts are independent.
#[must_use]
pub fn figures(counted: &Counted) -> Option<CountFigures> {
    Some(CountFigures {
        instructions: stats::mean(&instructions(counted))?,
        allocations: stats::mean(&values(counted, |executed| executed.allocations))?,
    })
}

/// Instructions per request, a value for each start of the server.
#[must_use]
pub fn instructions(counted: &Counted) -> Vec<f64> {
    values(counted, |executed| executed.instructions)
}

fn values(counted: &Counted, of: fn(&Executed) -> u64) -> Vec<f64> {
    counted.starts.iter().map(|start| per_request(start, of)).collect()
}

/// Whether the interval of the instructions is narrow enough, and rests on enough starts.
#[must_use]
pub fn is_settled(counted: &Counted) -> bool {
    counted.starts.len() >= FEWEST_STARTS
        && figures(counted).is_some_and(|figures| {
            figures.instructions.half_width() < SETTLED * figures.instructions.mean
        })
}

/// The number of requests that the figures rest on: of each batch, those that it was sent twice for.
#[must_use]
pub fn requests(counted: &Counted) -> u64 {
    counted.starts.iter().flat_map(|start| &start.batches).map(|batch| batch.requests).sum()
}

fn per_request(start: &Start, of: fn(&Executed) -> u64) -> f64 {
    let difference = |batch: &Batch| of(&batch.twice) as f64 - of(&batch.once) as f64;
    let all: f64 = start.batches.iter().map(difference).sum();
    let requests: u64 = start.batches.iter().map(|batch| batch.requests).sum();
    all / requests as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::synthetic_run::counts;

    /// Starts in which a request costs so many instructions, and each reading of the counter a million.
    fn counted(costs: &[u64]) -> Counted {
        counts("a", "demo", costs).counted.remove(0)
    }

    #[test]
    fn what_does_not_depend_on_the_requests_is_not_counted() {
        let counted = counted(&[17_000, 17_000]);
        let figures = figures(&counted).unwrap();
        assert_eq!((figures.instructions.mean, figures.allocations.mean), (17_000.0, 3.0));
        assert_eq!(requests(&counted), 400);
    }

    #[test]
    fn the_interval_is_over_starts_and_not_over_batches() {
        let figures = figures(&counted(&[17_000, 17_100, 17_200])).unwrap();
        assert_eq!(figures.instructions.count, 3);
        // t(0.975, 2) · 100 / √3
        assert!((figures.instructions.half_width() - 248.4).abs() < 0.1, "{figures:?}");
    }

    #[test]
    fn a_count_is_settled_by_enough_starts_that_agree() {
        assert!(!is_settled(&counted(&[17_000; 2])));
        assert!(is_settled(&counted(&[17_000; 3])));
        assert!(!is_settled(&counted(&[17_000, 17_100, 17_200])));
        assert!(is_settled(&counted(&[17_000, 17_020, 17_040])));
        assert_eq!(super::figures(&counted(&[17_000])), None);
    }
}
