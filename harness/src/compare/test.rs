//! The statistical test of two samples.

use super::sample::Sample;
use crate::measure::block::Metric;
use crate::stats::{LogRatio, paired, unpaired};

/// Which samples of a comparison are only lower bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bounds {
    Neither,
    A,
    B,
    Both,
}

/// The test of two samples, before the correction for other tests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Test {
    pub(super) metric: Metric,
    pub(super) bounds: Bounds,
    /// a ÷ b.
    pub(super) ratio: LogRatio,
}

impl Test {
    /// Tests two samples of one run, paired by block; `None` where they share fewer than two blocks.
    pub(super) fn paired(metric: Metric, a: &Sample, b: &Sample) -> Option<Test> {
        let of_a = a.blocks.values.iter();
        let pairs: Vec<(f64, f64)> =
            of_a.filter_map(|(block, a)| Some((*a, *b.blocks.values.get(block)?))).collect();
        Some(Test::new(metric, a, b, paired(&pairs)?))
    }

    /// Tests two samples of different runs, which nothing pairs: block 1 of one run has nothing in common with block
    /// 1 of the other.
    pub(super) fn unpaired(metric: Metric, a: &Sample, b: &Sample) -> Option<Test> {
        let values = |of: &Sample| of.blocks.values.values().copied().collect::<Vec<_>>();
        Some(Test::new(metric, a, b, unpaired(&values(a), &values(b))?))
    }

    fn new(metric: Metric, a: &Sample, b: &Sample, ratio: LogRatio) -> Test {
        let bounds = match (a.is_bound(metric), b.is_bound(metric)) {
            (false, false) => Bounds::Neither,
            (true, false) => Bounds::A,
            (false, true) => Bounds::B,
            (true, true) => Bounds::Both,
        };
        Test { metric, bounds, ratio }
    }

    /// Whether the test can have a result: two lower bounds cannot be compared.
    pub(super) fn says_something(&self) -> bool {
        self.bounds != Bounds::Both
    }
}
