//! Means and their confidence intervals.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// An estimate with its two-sided 95% confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean, arithmetic or geometric.
    pub mean: f64,
    /// The interval's lower end.
    pub lo: f64,
    /// The interval's upper end.
    pub hi: f64,
    /// The number of values that the estimate is made from.
    pub count: usize,
}

impl Estimate {
    /// Half the interval's width.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        (self.hi - self.lo) / 2.0
    }
}

/// Returns the mean of `values` with Student's t-interval, mean ± t(0.975, n−1)·s/√n (Student 1908), where s² is the
/// unbiased variance.
///
/// The values must be independent: callers pass one value per block. The function returns `None` for fewer than two
/// values, since they allow no interval.
#[must_use]
pub fn mean(values: &[f64]) -> Option<Estimate> {
    let count = values.len();
    if count < 2 {
        return None;
    }
    let n = count as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let t = StudentsT::new(0.0, 1.0, n - 1.0).ok()?.inverse_cdf(0.975);
    let half = t * (variance / n).sqrt();
    Some(Estimate { mean, lo: mean - half, hi: mean + half, count })
}

/// Returns the geometric mean of `values`, with the interval that [`mean`] gives for their logarithms.
///
/// It suits times and ratios, whose distribution is skewed and whose interval must not reach zero. The function
/// returns `None` for fewer than two values, and where a value is not above zero.
#[must_use]
pub fn geometric_mean(values: &[f64]) -> Option<Estimate> {
    if values.iter().any(|value| *value <= 0.0) {
        return None;
    }
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let Estimate { mean, lo, hi, count } = mean(&logs)?;
    Some(Estimate { mean: mean.exp(), lo: lo.exp(), hi: hi.exp(), count })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_scipy() {
        // scipy.stats.t.interval(0.95, 7, loc=mean(x), scale=sem(x)), SciPy 1.17.1
        let x = [10.1, 9.8, 10.4, 10.0, 9.9, 10.3, 10.2, 9.7];
        let estimate = mean(&x).unwrap();
        assert!((estimate.mean - 10.05).abs() < 1e-12);
        assert!((estimate.lo - 9.845_217_533).abs() < 1e-8, "{}", estimate.lo);
        assert!((estimate.hi - 10.254_782_467).abs() < 1e-8, "{}", estimate.hi);
    }

    #[test]
    fn one_value_is_no_estimate() {
        assert_eq!(mean(&[1.0]), None);
        assert_eq!(mean(&[]), None);
    }

    #[test]
    fn a_geometric_mean_lies_evenly_between_its_ends_by_ratio() {
        // scipy.stats.gmean, and t.interval of the logarithms, SciPy 1.17.1
        let estimate = geometric_mean(&[1.0, 2.0, 4.0, 8.0]).unwrap();
        assert!((estimate.mean - 8f64.sqrt()).abs() < 1e-12);
        assert!((estimate.hi / estimate.mean - estimate.mean / estimate.lo).abs() < 1e-9);
        assert!((estimate.lo - 0.681_006_16).abs() < 1e-6, "{}", estimate.lo);
        assert_eq!(geometric_mean(&[1.0, 0.0]), None);
    }

    proptest! {
        #[test]
        fn moves_and_scales_with_its_values(values in prop::collection::vec(0.0f64..1e6, 2..20), by in -1e6f64..1e6, scale in 0.1f64..10.0) {
            let plain = mean(&values).unwrap();
            let moved = mean(&values.iter().map(|value| scale * value + by).collect::<Vec<_>>()).unwrap();
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (1.0 + a.abs() + b.abs());
            prop_assert!(close(moved.mean, scale * plain.mean + by));
            prop_assert!(close(moved.half_width(), scale * plain.half_width()));
            prop_assert!(plain.lo <= plain.mean && plain.mean <= plain.hi);
        }
    }
}
