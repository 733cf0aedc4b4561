//! The median over pairs, with an interval that holds for any distribution of the values.

/// The number of pairs. The third and the tenth of twelve values enclose the median with 96% confidence: 1 − 2·(1 +
/// 12 + 66)/2¹².
pub(crate) const PAIRS: usize = 12;
const ENCLOSING: (usize, usize) = (2, 9);

/// The median of one value per pair.
pub(crate) struct Median {
    pub(crate) middle: f64,
    low: f64,
    high: f64,
}

impl Median {
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Median {
        let mut values: Vec<f64> = values.collect();
        assert_eq!(values.len(), PAIRS);
        values.sort_by(f64::total_cmp);
        Median {
            middle: (values[PAIRS / 2 - 1] + values[PAIRS / 2]) / 2.0,
            low: values[ENCLOSING.0],
            high: values[ENCLOSING.1],
        }
    }

    /// Whether the median is at most `tolerance` from zero; `None` where its interval reaches both inside and
    /// outside.
    pub(crate) fn is_within(&self, tolerance: f64) -> Option<bool> {
        let beyond = self.low > tolerance || self.high < -tolerance;
        let within = -tolerance <= self.low && self.high <= tolerance;
        (beyond || within).then_some(within)
    }
}

impl std::fmt::Display for Median {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(out, "{:+.0} ({:+.0} to {:+.0})", self.middle, self.low, self.high)
    }
}
