//! From measurements to comparisons: which differences are real, which servers are equivalent, and where the data do
//! not decide.
//!
//! The rule, for one metric of one pair:
//! 1. **Equivalent**: the 90% interval of the ratio lies within 1/1.03 to 1.03 (two one-sided tests at 5%). This is
//!    tested first: a difference that is shown to be less than 3% is not called a difference, however surely it is
//!    not zero.
//! 2. **Different**: p < 0.05 after Holm's correction over all comparisons that are made together. Within a run, all pairs
//!    in one metric of one cell are tested together; between runs, all cells in one metric; between two commits of a run,
//!    everything.
//! 3. **Undecided**: everything else. More blocks would decide it.
//!
//! The servers of a cell are measured side by side, and their pairs vary alike, or nearly. So a pair's variance is drawn
//! towards that of all pairs of the cell, as far as these agree (Smyth 2004).
//!
//! Two copies of the same server differ by more than the sampling error shows: by their layout in memory, for one. A run
//! measures some servers twice, each time as another copy, its *twin*. The variance that the ratios of at least three
//! servers to their twins have beyond their sampling error is added to the variance of every comparison in the same metric
//! of the same cell. With fewer twins, there is a noise floor instead: a difference must be larger than that of any server
//! to its twin. The ratio itself is used there, not the end of its interval: the test already covers the sampling error,
//! and counting it twice would never show a small difference.
//!
//! A goodput that is only a lower bound is never compared as if it were exact. Two bounds are not compared at all;
//! one bound can only be shown to be more than the other figure.

mod between;
mod commits;
mod counts;
mod differences;
mod noise;
mod pairs;
mod resolution;
mod sample;
mod test;
#[cfg(test)]
mod tests;
mod within;

pub use between::{CellComparison, Change, between};
pub use commits::commits;
pub use counts::{CountChange, CountRatio, counts_within, of_counts};
pub use differences::differences;
pub use noise::{Copies, Noise, TWINS};
pub use pairs::Pairs;
pub use resolution::resolution_of_commits;
pub use within::{within, within_noise};

pub use crate::measure::block::Metric;
use crate::stats::{Estimate, holm};
use test::{Bounds, Test};

/// Servers within this factor of each other are equivalent: no choice between them should rest on a benchmark.
pub const MARGIN: f64 = 1.03;
/// The chance of a false difference among all comparisons that are made together.
const ALPHA: f64 = 0.05;

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One side is more than the other.
    Different,
    /// Both sides are within 3% of each other.
    Equivalent,
    /// The data show neither a difference nor an equivalence.
    Undecided,
}

impl Verdict {
    /// The name that tables use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Different => "different",
            Verdict::Equivalent => "equivalent",
            Verdict::Undecided => "undecided",
        }
    }
}

/// The comparison of one metric of two servers, or of one server in two runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The metric that is compared.
    pub metric: Metric,
    /// a ÷ b, with its 95% interval.
    pub ratio: Estimate,
    /// The standard error of the ratio's logarithm.
    pub standard_error: f64,
    /// The degrees of freedom of that error.
    pub freedom: f64,
    /// The p-value, corrected for the number of comparisons that were made together.
    pub p_value: f64,
    /// The noise floor, as a ratio of at least 1; absent where enough twins widen the intervals instead, and where there
    /// is none.
    pub floor: Option<f64>,
    /// The result of the test.
    pub verdict: Verdict,
}

impl Comparison {
    /// Whether a is shown to be more than b.
    #[must_use]
    pub fn is_more(&self) -> bool {
        self.verdict == Verdict::Different && self.ratio.mean > 1.0
    }

    /// Whether a is shown to be less than b.
    #[must_use]
    pub fn is_less(&self) -> bool {
        self.verdict == Verdict::Different && self.ratio.mean < 1.0
    }

    /// Whether the 95% interval of the ratio is wholly on one side of 1, and farther from it than by `tolerance`, a share
    /// such as 0.01 for 1%.
    #[must_use]
    pub fn is_beyond(&self, tolerance: f64) -> bool {
        let margin = 1.0 + tolerance;
        self.ratio.lo > margin || self.ratio.hi < 1.0 / margin
    }

    /// Whether a is shown to be the better one.
    #[must_use]
    pub fn is_better(&self) -> bool {
        if self.metric.more_is_better() { self.is_more() } else { self.is_less() }
    }

    /// Whether a is shown to be the worse one.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        if self.metric.more_is_better() { self.is_less() } else { self.is_more() }
    }
}

/// Decides comparisons that are made together, each against its own noise floor (the logarithm of a ratio).
fn judge(tests: &[(Test, Option<f64>)]) -> Vec<Comparison> {
    let alone: Vec<f64> = tests.iter().map(|(test, _)| test.ratio.p_value()).collect();
    let judged = tests.iter().zip(holm(&alone)).map(|((test, floor), p_value)| Comparison {
        metric: test.metric,
        ratio: test.ratio.estimate(),
        standard_error: test.ratio.standard_error,
        freedom: test.ratio.freedom,
        p_value,
        floor: floor.map(f64::exp),
        verdict: verdict(test, p_value, floor.unwrap_or(0.0)),
    });
    judged.collect()
}

fn verdict(test: &Test, p_value: f64, floor: f64) -> Verdict {
    let ln = test.ratio.ln;
    let differs = p_value < ALPHA && ln.abs() > floor;
    match test.bounds {
        Bounds::Neither if test.ratio.p_equivalent(MARGIN) < ALPHA => Verdict::Equivalent,
        Bounds::Neither if differs => Verdict::Different,
        Bounds::A if differs && ln > 0.0 => Verdict::Different,
        Bounds::B if differs && ln < 0.0 => Verdict::Different,
        _ => Verdict::Undecided,
    }
}
