//! From measurements to comparisons: which differences are real, which servers are alike, and where the data cannot
//! tell.
//!
//! The rule, for one metric of one pair:
//! 1. **Equivalent**: the 90% interval of the ratio lies within 1/1.03 to 1.03 (two one-sided tests at 5%). This
//!    comes first: what is shown to be less than 3% is not called a difference, however surely it is not zero.
//! 2. **Different**: p < 0.05 after Holm's correction over all comparisons that are made together, and the ratio is
//!    farther from 1 than the noise floor; of two ratios that must both show it, both are. Together are, within a run, all pairs in one metric of one cell; between
//!    runs, all cells in one metric.
//! 3. **Undecided**: the rest. More blocks would tell.
//!
//! The noise floor is how far apart the same server under two names was, in the same metric of the same cell: its
//! ratio alone and not the end of its interval. The test already carries the sampling error; the floor is there for
//! what the test cannot see, a bias of place or order that holds for a whole run. With the interval's end the
//! sampling error would count twice, and a small difference could never be shown.
//!
//! A goodput that is a lower bound is never compared as if it were exact: of two bounds nothing is said, and of
//! one only that it is more, where the bound alone is shown to be.

mod between;
mod differences;
mod side;
#[cfg(test)]
mod tests;
mod within;

pub use between::{CellComparison, Change, between};
pub use differences::differences;
pub use side::Adjustment;
pub use within::{Pairs, floor, within};

pub use crate::measure::block::Metric;
use crate::stats::{Estimate, holm};
use side::{Bounds, Test};

/// Servers within this factor of each other are alike for any choice that is made by a benchmark.
pub const MARGIN: f64 = 1.03;
/// The chance of calling a difference that is not there, in all comparisons that are made together.
const ALPHA: f64 = 0.05;

/// What can be said of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One is more than the other.
    Different,
    /// They are within 3% of each other.
    Equivalent,
    /// Neither is shown.
    Undecided,
}

impl Verdict {
    /// As it is written in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Different => "different",
            Verdict::Equivalent => "equivalent",
            Verdict::Undecided => "undecided",
        }
    }
}

/// One metric of two servers, or of one server in two runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// What is compared.
    pub metric: Metric,
    /// a ÷ b, with its 95% interval.
    pub ratio: Estimate,
    /// Whether the load's own cost was taken out of it.
    pub adjustment: Adjustment,
    /// After the correction for the number of comparisons that were made together.
    pub p_value: f64,
    /// The noise floor: the ratio, at least 1, of what is known to be the same. Absent where nothing shows it.
    pub floor: Option<f64>,
    /// What follows.
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

/// Judges comparisons that are made together, each against its own floor (the logarithm of a ratio).
fn judge(tests: &[(Test, Option<f64>)]) -> Vec<Comparison> {
    let plain: Vec<f64> = tests.iter().map(|(test, _)| test.p_value()).collect();
    let judged = tests.iter().zip(holm(&plain)).map(|((test, floor), p_value)| Comparison {
        metric: test.metric,
        ratio: test.ratio().estimate(),
        adjustment: test.adjustment,
        p_value,
        floor: floor.map(f64::exp),
        verdict: verdict(test, p_value, floor.unwrap_or(0.0)),
    });
    judged.collect()
}

fn verdict(test: &Test, p_value: f64, floor: f64) -> Verdict {
    let ln = test.ratio().ln;
    let differs = p_value < ALPHA && test.distance() > floor;
    match test.bounds {
        Bounds::Neither if test.p_equivalent(MARGIN) < ALPHA => Verdict::Equivalent,
        Bounds::Neither if differs => Verdict::Different,
        Bounds::A if differs && ln > 0.0 => Verdict::Different,
        Bounds::B if differs && ln < 0.0 => Verdict::Different,
        _ => Verdict::Undecided,
    }
}
