//! Ratios of two positive quantities, estimated as logarithms, so that a ÷ b and b ÷ a give the same result.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::Estimate;

/// An estimate of ln(a ÷ b), whose error follows Student's t distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogRatio {
    /// The natural logarithm of the ratio.
    pub ln: f64,
    /// The standard error of `ln`.
    pub standard_error: f64,
    /// Degrees of freedom; not always a whole number where they are Welch's.
    pub freedom: f64,
    /// The number of values that the estimate is made from: of pairs, or of both samples together.
    pub count: usize,
}

/// Estimates the ratio of the first value of each pair to the second: the mean of the logarithms of the pairs'
/// ratios, with n−1 degrees of freedom (Student 1908).
///
/// Whatever changes both values of a pair by the same factor cancels. The function returns `None` for fewer than two
/// pairs, and where a value is not above zero.
#[must_use]
pub fn paired(pairs: &[(f64, f64)]) -> Option<LogRatio> {
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let logs: Vec<f64> = logs(&a)?.iter().zip(logs(&b)?).map(|(a, b)| a - b).collect();
    let (mean, square) = moments(&logs)?;
    let n = logs.len() as f64;
    Some(LogRatio {
        ln: mean,
        standard_error: (square / n).sqrt(),
        freedom: n - 1.0,
        count: logs.len(),
    })
}

/// Estimates the ratio of two unpaired samples: the difference of the means of their logarithms.
///
/// Standard error and degrees of freedom are Welch's (Welch 1947), since the samples may vary by different amounts.
/// The function returns `None` where a sample has fewer than two values, or a value that is not above zero.
#[must_use]
pub fn unpaired(a: &[f64], b: &[f64]) -> Option<LogRatio> {
    let (mean_a, square_a) = moments(&logs(a)?)?;
    let (mean_b, square_b) = moments(&logs(b)?)?;
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    let (of_a, of_b) = (square_a / n_a, square_b / n_b);
    let sum = of_a + of_b;
    let freedom = if sum > 0.0 {
        sum.powi(2) / (of_a.powi(2) / (n_a - 1.0) + of_b.powi(2) / (n_b - 1.0))
    } else {
        n_a + n_b - 2.0
    };
    Some(LogRatio {
        ln: mean_a - mean_b,
        standard_error: sum.sqrt(),
        freedom,
        count: a.len() + b.len(),
    })
}

impl LogRatio {
    /// The ratio with its two-sided 95% interval.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let (lo, hi) = self.interval(0.95);
        Estimate { mean: self.ln.exp(), lo, hi, count: self.count }
    }

    /// The ends of the ratio's two-sided interval at `confidence`, a fraction.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        let half = self.student().inverse_cdf(0.5 + confidence / 2.0) * self.standard_error;
        ((self.ln - half).exp(), (self.ln + half).exp())
    }

    /// The two-sided p-value: the probability of a ratio at least this far from 1 if the true ratio were 1.
    #[must_use]
    pub fn p_value(&self) -> f64 {
        2.0 * self.beyond(self.ln.abs())
    }

    /// The p-value of equivalence: the probability of a ratio this near to 1 if the true ratio were at least
    /// `margin`, or at most 1/`margin`.
    ///
    /// It is the larger p-value of two one-sided tests (Schuirmann 1987), and is below 0.05 exactly where the 90%
    /// interval lies within 1/`margin`..`margin`.
    #[must_use]
    pub fn p_equivalent(&self, margin: f64) -> f64 {
        self.beyond(margin.ln() - self.ln).max(self.beyond(margin.ln() + self.ln))
    }

    /// The probability of an error beyond `distance`.
    fn beyond(&self, distance: f64) -> f64 {
        if self.standard_error > 0.0 {
            return self.student().sf(distance / self.standard_error);
        }
        // The values do not vary at all, so the estimate is exact.
        match distance.total_cmp(&0.0) {
            std::cmp::Ordering::Greater => 0.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 1.0,
        }
    }

    fn student(&self) -> StudentsT {
        StudentsT::new(0.0, 1.0, self.freedom).expect("an estimate has degrees of freedom")
    }
}

/// The logarithms of `values`; `None` unless all values are above zero.
pub(super) fn logs(values: &[f64]) -> Option<Vec<f64>> {
    values.iter().map(|value| (*value > 0.0).then(|| value.ln())).collect()
}

/// The mean and the unbiased variance of `values`; `None` for fewer than two.
pub(super) fn moments(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() >= 2).then(|| (mean, squares / (n - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha12Rng;
    use statrs::distribution::Normal;

    const A: [f64; 8] = [24.1, 26.8, 27.3, 23.2, 24.4, 22.2, 22.1, 25.4];
    const B: [f64; 8] = [22.9, 23.7, 26.6, 25.1, 26.6, 29.9, 26.5, 26.9];

    fn pairs() -> Vec<(f64, f64)> {
        A.into_iter().zip(B).collect()
    }

    #[track_caller]
    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-8, "{found} is not {expected}");
    }

    #[test]
    fn pairs_agree_with_scipy() {
        // r = scipy.stats.ttest_rel(log(A), log(B)); r.pvalue, exp(r.confidence_interval(c)), SciPy 1.17.1
        let ratio = paired(&pairs()).unwrap();
        near(ratio.ln, -0.062_722_102_976_093_6);
        near(ratio.standard_error, 0.047_338_828_387_672_85);
        near(ratio.p_value(), 0.226_795_950_194_675_9);
        near(ratio.estimate().lo, 0.839_741_94);
        near(ratio.estimate().hi, 1.050_447_68);
        near(ratio.interval(0.9).0, 0.858_636_83);
        near(ratio.interval(0.9).1, 1.027_331_87);
        // max(ttest_1samp(log(A/B), -log(1.03), alternative="greater").pvalue, (…, log(1.03), "less").pvalue)
        near(ratio.p_equivalent(1.03), 0.746_903_253_260_61);
    }

    #[test]
    fn samples_agree_with_scipy() {
        // r = scipy.stats.ttest_ind(log(A), log(B[:6]), equal_var=False), SciPy 1.17.1
        let ratio = unpaired(&A, &B[..6]).unwrap();
        near(ratio.ln, -0.053_194_922_059_887_07);
        near(ratio.freedom, 9.687_712_599_421_29);
        near(ratio.p_value(), 0.295_825_510_952_254_9);
        near(ratio.estimate().lo, 0.851_357_2);
        near(ratio.estimate().hi, 1.056_048_02);
    }

    #[test]
    fn values_without_spread_are_the_truth() {
        let same = paired(&[(2.0, 2.0), (3.0, 3.0)]).unwrap();
        assert_eq!((same.p_value(), same.p_equivalent(1.03)), (1.0, 0.0));
        let double = unpaired(&[2.0, 2.0], &[1.0, 1.0]).unwrap();
        assert_eq!((double.p_value(), double.p_equivalent(1.03)), (0.0, 1.0));
    }

    #[test]
    fn what_has_no_logarithm_or_no_spread_has_no_ratio() {
        assert_eq!(paired(&[(1.0, 2.0)]), None);
        assert_eq!(paired(&[(1.0, 2.0), (0.0, 2.0)]), None);
        assert_eq!(unpaired(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(unpaired(&[1.0, 2.0], &[1.0, -2.0]), None);
    }

    #[test]
    fn nineteen_intervals_of_twenty_hold_the_truth() {
        let mut rng = ChaCha12Rng::seed_from_u64(20);
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut draw = || {
            let uniform = ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            normal.inverse_cdf(uniform)
        };
        let (truth, draws) = (1.05, 4_000);
        let mut held = 0;
        for _ in 0..draws {
            // Both values of a pair share the effect of their block, and each has noise of its own.
            let pairs: Vec<(f64, f64)> = (0..8)
                .map(|_| {
                    let block = 0.08 * draw();
                    (truth * (block + 0.03 * draw()).exp(), (block + 0.03 * draw()).exp())
                })
                .collect();
            let Estimate { lo, hi, .. } = paired(&pairs).unwrap().estimate();
            held += usize::from(lo <= truth && truth <= hi);
        }
        let coverage = held as f64 / f64::from(draws);
        assert!((0.93..=0.97).contains(&coverage), "{coverage}");
    }

    proptest! {
        #[test]
        fn turning_a_ratio_over_turns_its_interval_over(pairs in prop::collection::vec((0.1f64..1e4, 0.1f64..1e4), 2..20)) {
            let turned: Vec<(f64, f64)> = pairs.iter().map(|(a, b)| (*b, *a)).collect();
            let (ratio, inverse) = (paired(&pairs).unwrap(), paired(&turned).unwrap());
            let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-6;
            prop_assert!(close(ratio.estimate().lo, 1.0 / inverse.estimate().hi));
            prop_assert!((ratio.p_value() - inverse.p_value()).abs() < 1e-9);
            prop_assert!((ratio.p_equivalent(1.03) - inverse.p_equivalent(1.03)).abs() < 1e-9);
        }

        #[test]
        fn what_a_pair_shares_cancels(pairs in prop::collection::vec((0.1f64..1e4, 0.1f64..1e4, 0.1f64..10.0), 2..20)) {
            let plain: Vec<(f64, f64)> = pairs.iter().map(|(a, b, _)| (*a, *b)).collect();
            let shared: Vec<(f64, f64)> = pairs.iter().map(|(a, b, both)| (a * both, b * both)).collect();
            let (plain, shared) = (paired(&plain).unwrap(), paired(&shared).unwrap());
            prop_assert!((plain.ln - shared.ln).abs() < 1e-9);
            prop_assert!((plain.standard_error - shared.standard_error).abs() < 1e-9);
        }

        #[test]
        fn equivalence_is_the_interval_of_nine_tenths_within_the_margin(ln in -0.05f64..0.05, standard_error in 1e-4f64..0.05, freedom in 1.0f64..30.0) {
            let ratio = LogRatio { ln, standard_error, freedom, count: 8 };
            let (lo, hi) = ratio.interval(0.9);
            prop_assert_eq!(ratio.p_equivalent(1.03) < 0.05, lo > 1.0 / 1.03 && hi < 1.03);
        }
    }
}
