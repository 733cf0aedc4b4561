//! Ratios of two samples at an equal value of a covariate: analysis of covariance (Fisher 1932), on logarithms.
//!
//! The effect of whatever moves the values together with the covariate is removed from the ratio and from its error.
//! The covariate must not depend on what is compared: otherwise the ratio loses part of the difference that it should
//! show.

use super::ratio::{LogRatio, logs};

/// A sum of squares of logarithms below this consists of rounding errors.
const STILL: f64 = 1e-16;

/// One measured quantity with its covariate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Covaried {
    /// The quantity that is compared.
    pub value: f64,
    /// The quantity that varies together with the value.
    pub covariate: f64,
}

/// Estimates the ratio of the first value of each pair to the second, where the covariates are equal: least squares
/// of y = α + βx, where y is the logarithm of a pair's ratio of values and x that of its ratio of covariates.
///
/// The estimate is α, with n−2 degrees of freedom. The function returns `None` for fewer than three pairs, for a
/// number that is not above zero, and where x does not vary.
#[must_use]
pub fn paired_adjusted(pairs: &[(Covaried, Covaried)]) -> Option<LogRatio> {
    let of = |part: fn(&Covaried) -> f64| -> Option<Vec<f64>> {
        let a = logs(&pairs.iter().map(|(a, _)| part(a)).collect::<Vec<_>>())?;
        let b = logs(&pairs.iter().map(|(_, b)| part(b)).collect::<Vec<_>>())?;
        Some(a.iter().zip(b).map(|(a, b)| a - b).collect())
    };
    let sums = Sums::of(&of(|one| one.covariate)?, &of(|one| one.value)?);
    let freedom = sums.n - 2.0;
    if freedom < 1.0 || sums.xx < STILL {
        return None;
    }
    let slope = sums.xy / sums.xx;
    let residual = (sums.yy - slope * sums.xy).max(0.0) / freedom;
    Some(LogRatio {
        ln: sums.y - slope * sums.x,
        standard_error: (residual * (1.0 / sums.n + sums.x.powi(2) / sums.xx)).sqrt(),
        freedom,
        count: pairs.len(),
    })
}

/// Estimates the ratio of two unpaired samples where the covariates are equal: least squares of ln value = α(sample)
/// + β·ln covariate, with one slope for both.
///
/// The estimate is the difference of the two α, with nₐ+n_b−3 degrees of freedom. The function returns `None` where a
/// sample has fewer than two values, where a number is not above zero, and where the covariate does not vary.
#[must_use]
pub fn unpaired_adjusted(a: &[Covaried], b: &[Covaried]) -> Option<LogRatio> {
    let sums = |sample: &[Covaried]| {
        let x = logs(&sample.iter().map(|one| one.covariate).collect::<Vec<_>>())?;
        let y = logs(&sample.iter().map(|one| one.value).collect::<Vec<_>>())?;
        (sample.len() >= 2).then(|| Sums::of(&x, &y))
    };
    let (of_a, of_b) = (sums(a)?, sums(b)?);
    let (xx, xy, yy) = (of_a.xx + of_b.xx, of_a.xy + of_b.xy, of_a.yy + of_b.yy);
    if xx < STILL {
        return None;
    }
    let slope = xy / xx;
    let freedom = of_a.n + of_b.n - 3.0;
    let residual = (yy - slope * xy).max(0.0) / freedom;
    let apart = of_a.x - of_b.x;
    Some(LogRatio {
        ln: of_a.y - of_b.y - slope * apart,
        standard_error: (residual * (1.0 / of_a.n + 1.0 / of_b.n + apart.powi(2) / xx)).sqrt(),
        freedom,
        count: a.len() + b.len(),
    })
}

/// The means of x and y, and the sums of squares and products about those means.
struct Sums {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Sums {
    fn of(x: &[f64], y: &[f64]) -> Sums {
        let n = x.len() as f64;
        let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
        let about = |u: &[f64], mean_u: f64, v: &[f64], mean_v: f64| {
            u.iter().zip(v).map(|(u, v)| (u - mean_u) * (v - mean_v)).sum()
        };
        Sums {
            n,
            x: mean_x,
            y: mean_y,
            xx: about(x, mean_x, x, mean_x),
            xy: about(x, mean_x, y, mean_y),
            yy: about(y, mean_y, y, mean_y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::paired;
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha12Rng;
    use statrs::distribution::{ContinuousCDF, Normal};

    const A: [f64; 8] = [23.56, 23.36, 23.65, 26.61, 27.05, 29.75, 27.25, 24.47];
    const OF_A: [f64; 8] = [6.35, 6.24, 6.23, 7.28, 6.93, 7.55, 7.44, 6.47];
    const B: [f64; 8] = [22.94, 23.72, 26.56, 25.06, 26.65, 29.89, 26.50, 26.87];
    const OF_B: [f64; 8] = [6.15, 6.22, 6.55, 6.74, 7.17, 7.84, 7.05, 7.13];

    fn covaried(values: &[f64], covariates: &[f64]) -> Vec<Covaried> {
        let both = values.iter().zip(covariates);
        both.map(|(value, covariate)| Covaried { value: *value, covariate: *covariate }).collect()
    }

    fn pairs() -> Vec<(Covaried, Covaried)> {
        covaried(&A, &OF_A).into_iter().zip(covaried(&B, &OF_B)).collect()
    }

    #[track_caller]
    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-8, "{found} is not {expected}");
    }

    #[test]
    fn pairs_agree_with_scipy() {
        // r = scipy.stats.linregress(log(OF_A/OF_B), log(A/B)); r.intercept, r.intercept_stderr,
        // 2*t.sf(abs(r.intercept/r.intercept_stderr), 6), exp(r.intercept ± t.ppf(.975, 6)*r.intercept_stderr), SciPy 1.17.1
        let ratio = paired_adjusted(&pairs()).unwrap();
        near(ratio.ln, -0.006_789_541_903_051_246);
        near(ratio.standard_error, 0.013_383_303_929_851_573);
        near(ratio.p_value(), 0.630_036_530_646_709_7);
        near(ratio.estimate().lo, 0.961_234_092_660_876_8);
        near(ratio.estimate().hi, 1.026_298_072_016_025_3);
    }

    #[test]
    fn samples_agree_with_numpy() {
        // numpy.linalg.lstsq of log(A + B[:6]) on an indicator of each and the logarithm of the covariate; the
        // difference k of the first two, its error sqrt(rss/11 * k @ inv(X.T @ X) @ k), and SciPy 1.17.1's t.sf
        let ratio =
            unpaired_adjusted(&covaried(&A, &OF_A), &covaried(&B[..6], &OF_B[..6])).unwrap();
        near(ratio.ln, -0.008_706_041_547_024_59);
        near(ratio.standard_error, 0.016_967_639_186_672_868);
        near(ratio.freedom, 11.0);
        near(ratio.p_value(), 0.618_030_906_695_334_4);
    }

    #[test]
    fn a_covariate_that_does_not_vary_adjusts_nothing() {
        let flat = covaried(&A, &[1.0; 8]);
        let pairs: Vec<_> = flat.iter().copied().zip(covaried(&B, &[1.0; 8])).collect();
        assert_eq!(paired_adjusted(&pairs), None);
        assert_eq!(unpaired_adjusted(&flat, &flat), None);
        assert_eq!(paired_adjusted(&self::pairs()[..2]), None);
    }

    #[test]
    fn nineteen_intervals_of_twenty_hold_the_truth() {
        let mut rng = ChaCha12Rng::seed_from_u64(21);
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut draw = || {
            let uniform = ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            normal.inverse_cdf(uniform)
        };
        let (truth, draws) = (1.05f64, 4_000);
        let (mut held, mut narrower) = (0, 0);
        for _ in 0..draws {
            // A trial's conditions move its value and its covariate alike; each also has some noise of its own.
            let mut one = |factor: f64| {
                let conditions = 0.06 * draw();
                let value = factor * (conditions + 0.02 * draw()).exp();
                Covaried { value, covariate: (conditions + 0.01 * draw()).exp() }
            };
            let pairs: Vec<_> = (0..8).map(|_| (one(truth), one(1.0))).collect();
            let adjusted = paired_adjusted(&pairs).unwrap();
            let plain: Vec<_> = pairs.iter().map(|(a, b)| (a.value, b.value)).collect();
            let (lo, hi) = adjusted.interval(0.95);
            held += usize::from(lo <= truth && truth <= hi);
            narrower +=
                usize::from(adjusted.standard_error < paired(&plain).unwrap().standard_error);
        }
        let part = |count: usize| count as f64 / f64::from(draws);
        assert!((0.93..=0.97).contains(&part(held)), "{}", part(held));
        assert!(part(narrower) > 0.9, "{}", part(narrower));
    }

    proptest! {
        #[test]
        fn a_factor_of_one_side_is_the_ratios_factor(factor in 0.2f64..5.0) {
            let scaled: Vec<_> = pairs().into_iter()
                .map(|(a, b)| (Covaried { value: a.value * factor, ..a }, b)).collect();
            let (plain, scaled) = (paired_adjusted(&pairs()).unwrap(), paired_adjusted(&scaled).unwrap());
            prop_assert!((scaled.ln - plain.ln - factor.ln()).abs() < 1e-9);
            prop_assert!((scaled.standard_error - plain.standard_error).abs() < 1e-9);
        }

        #[test]
        fn turning_a_ratio_over_changes_its_sign_only(values in prop::collection::vec((1.0f64..9.0, 1.0f64..9.0, 1.0f64..9.0, 1.0f64..9.0), 3..12)) {
            let pairs: Vec<_> = values.iter().map(|(a, of_a, b, of_b)| {
                (Covaried { value: *a, covariate: *of_a }, Covaried { value: *b, covariate: *of_b })
            }).collect();
            let turned: Vec<_> = pairs.iter().map(|(a, b)| (*b, *a)).collect();
            let (ratio, inverse) = (paired_adjusted(&pairs).unwrap(), paired_adjusted(&turned).unwrap());
            prop_assert!((ratio.ln + inverse.ln).abs() < 1e-7);
            let (a, b): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let (ratio, inverse) = (unpaired_adjusted(&a, &b).unwrap(), unpaired_adjusted(&b, &a).unwrap());
            prop_assert!((ratio.ln + inverse.ln).abs() < 1e-7);
        }
    }
}
