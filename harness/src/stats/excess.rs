//! The variance that ratios of equals show beyond their sampling error.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::ratio::LogRatio;

/// The share of cases in which the excess may be larger than it is said to be. With three ratios, the least that an excess
/// is estimated from, a third would be too much: of all runs with 16 blocks, up to 8% would call equals different.
const TOO_SMALL: f64 = 0.25;

/// The variance of the logarithms of ratios that should all be 0, beyond what their standard errors explain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Excess {
    /// The variance, of one ratio.
    pub variance: f64,
    /// The number of ratios that it is estimated from: its degrees of freedom, since their mean is known.
    pub count: usize,
}

impl Excess {
    /// The standard deviation that the variance stands for, as a ratio of at least 1.
    #[must_use]
    pub fn factor(&self) -> f64 {
        self.variance.sqrt().exp()
    }
}

/// Estimates the excess of independent ratios whose true logarithm is 0, rather too large than too small; `None` without
/// a ratio.
///
/// With y the logarithm of a ratio and v the square of its standard error, the excess τ² is the number for which
/// Σ y²/(v + τ²) equals a quantile of the χ² distribution with as many degrees of freedom as there are ratios; 0 where
/// the sum is smaller at τ² = 0 already. With the mean of χ² for the quantile, this would be the estimator of Paule and
/// Mandel (1982), about the known mean 0. The quantile here is the lower quarter, which gives the upper limit of τ² at a
/// confidence of three quarters (Q-profile; Viechtbauer 2007): it is too small in one run of four. Estimates that are as
/// often too small as too large are often 0 with a few ratios, and intervals that rest on them are too narrow.
#[must_use]
pub fn excess(ratios: &[LogRatio]) -> Option<Excess> {
    let count = ratios.len();
    let quantile = ChiSquared::new(count as f64).ok()?.inverse_cdf(TOO_SMALL);
    let sum = |excess: f64| -> f64 {
        let of = |ratio: &LogRatio| match ratio.ln.powi(2) {
            0.0 => 0.0,
            square => square / (ratio.standard_error.powi(2) + excess),
        };
        ratios.iter().map(of).sum()
    };
    if sum(0.0) <= quantile {
        return Some(Excess { variance: 0.0, count });
    }
    // The sum falls as the excess rises. At `high`, it is at most the quantile, as no standard error is below zero.
    let squares: f64 = ratios.iter().map(|ratio| ratio.ln.powi(2)).sum();
    let (mut low, mut high) = (0.0, squares / quantile);
    while high - low > 1e-12 * high {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if sum(middle) > quantile { low = middle } else { high = middle }
    }
    Some(Excess { variance: high, count })
}

impl LogRatio {
    /// The same ratio with the variance of an excess added to that of its error.
    ///
    /// The degrees of freedom are those of a sum of two estimated variances (Satterthwaite 1946; Welch 1947).
    #[must_use]
    pub fn widened(self, by: &Excess) -> LogRatio {
        let own = self.standard_error.powi(2);
        let sum = own + by.variance;
        if by.variance == 0.0 {
            return self;
        }
        let freedom =
            sum.powi(2) / (own.powi(2) / self.freedom + by.variance.powi(2) / by.count as f64);
        LogRatio { standard_error: sum.sqrt(), freedom, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Estimate, paired};
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha12Rng;
    use statrs::distribution::Normal;

    fn ratio(ln: f64, standard_error: f64) -> LogRatio {
        LogRatio { ln, standard_error, freedom: 7.0, count: 8 }
    }

    #[track_caller]
    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-8, "{found} is not {expected}");
    }

    #[test]
    fn agrees_with_the_equation_solved_by_hand() {
        // With equal errors, the equation is that of one unknown: τ² = Σy²/q − v, with q = 1.2125329030456686 the lower
        // quarter of χ² with 3 degrees of freedom (SciPy 1.17.1: chi2.ppf(0.25, 3)).
        let found =
            excess(&[ratio(0.01, 0.004), ratio(-0.02, 0.004), ratio(0.005, 0.004)]).unwrap();
        near(found.variance, (1e-4 + 4e-4 + 2.5e-5) / 1.212_532_903_045_669 - 1.6e-5);
        assert_eq!(found.count, 3);
        // Without errors, the squares are all excess.
        let found = excess(&[ratio(0.01, 0.0), ratio(0.01, 0.0), ratio(0.0, 0.0)]).unwrap();
        near(found.variance, 2e-4 / 1.212_532_903_045_669);
    }

    #[test]
    fn what_errors_explain_is_no_excess() {
        let found = excess(&[ratio(0.01, 0.03), ratio(-0.02, 0.03), ratio(0.005, 0.03)]).unwrap();
        assert_eq!(found.variance, 0.0);
        assert_eq!(ratio(0.1, 0.02).widened(&found), ratio(0.1, 0.02));
        assert_eq!(excess(&[]), None);
    }

    #[test]
    fn the_freedom_of_a_sum_is_satterthwaites() {
        // (v + τ²)² / (v²/7 + τ⁴/3) with v = 1e-4 and τ² = 3e-4: 16e-8 / (1e-8/7 + 9e-8/3)
        let widened = ratio(0.05, 0.01).widened(&Excess { variance: 3e-4, count: 3 });
        near(widened.standard_error, 0.02);
        near(widened.freedom, 16.0 / (1.0 / 7.0 + 3.0));
    }

    /// The share of 2,000 intervals of a ratio that hold the truth, 3 twins widening them: 8 blocks, a noise of each
    /// trial that gives a pair's ratio the standard error 1, and copies of a server that differ by `spread` of that.
    fn coverage(spread: f64, seed: u64) -> f64 {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut draw = || {
            let uniform = ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            0.01 * normal.inverse_cdf(uniform)
        };
        let draws = 2_000;
        let mut pair = || {
            let apart = spread * draw();
            let blocks: Vec<(f64, f64)> =
                (0..8).map(|_| ((apart + 8f64.sqrt() * draw()).exp(), 1.0)).collect();
            paired(&blocks).unwrap()
        };
        let held = (0..draws).filter(|_| {
            let twins = [pair(), pair(), pair()];
            let Estimate { lo, hi, .. } = pair().widened(&excess(&twins).unwrap()).estimate();
            lo <= 1.0 && 1.0 <= hi
        });
        held.count() as f64 / f64::from(draws)
    }

    #[test]
    fn intervals_hold_the_truth_however_far_copies_differ() {
        for (seed, spread) in [0.0, 0.5, 1.0, 1.5, 2.0, 5.0].into_iter().enumerate() {
            let covered = coverage(spread, seed as u64);
            assert!(covered >= 0.93, "{covered} at {spread}");
        }
    }

    proptest! {
        #[test]
        fn the_sign_of_a_ratio_does_not_matter(logs in prop::collection::vec((-0.1f64..0.1, 1e-4f64..0.05), 1..8)) {
            let of = |sign: f64| excess(&logs.iter().map(|(ln, error)| ratio(sign * ln, *error)).collect::<Vec<_>>());
            prop_assert_eq!(of(1.0), of(-1.0));
        }

        #[test]
        fn a_wider_interval_holds_the_narrower_one(ln in -0.1f64..0.1, error in 1e-4f64..0.05, variance in 0.0f64..1e-2, count in 3usize..9) {
            let plain = ratio(ln, error);
            let widened = plain.widened(&Excess { variance, count });
            prop_assert!(widened.standard_error >= plain.standard_error);
            prop_assert!(widened.freedom >= plain.freedom.min(count as f64) - 1e-9);
        }
    }
}
