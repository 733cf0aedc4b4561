//! A share of trials that came out one way, with its exact bounds.

use std::fmt;

use statrs::distribution::{Beta, ContinuousCDF};

/// `found` of `of` trials.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Share {
    pub(super) found: u32,
    pub(super) of: u32,
}

impl Share {
    /// Adds a trial.
    pub(super) fn add(&mut self, found: bool) {
        self.found += u32::from(found);
        self.of += 1;
    }

    /// The 95% interval of the true share (Clopper and Pearson 1934), for trials that are independent of each other.
    pub(super) fn bounds(self) -> (f64, f64) {
        let (found, of) = (f64::from(self.found), f64::from(self.of));
        let quantile = |a: f64, b: f64, at: f64| {
            let beta = Beta::new(a, b).expect("both counts are positive");
            beta.inverse_cdf(at)
        };
        let lo = if self.found == 0 { 0.0 } else { quantile(found, of - found + 1.0, 0.025) };
        let hi = if self.found == self.of { 1.0 } else { quantile(found + 1.0, of - found, 0.975) };
        (lo, hi)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lo, hi) = self.bounds();
        let share = 100.0 * f64::from(self.found) / f64::from(self.of.max(1));
        let (lo, hi) = (100.0 * lo, 100.0 * hi);
        write!(f, "{} of {}: {share:.1}% ({lo:.1}–{hi:.1}%)", self.found, self.of)
    }
}
