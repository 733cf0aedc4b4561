//! The difference that a test finds with a given power.

use statrs::distribution::{ChiSquared, Continuous, ContinuousCDF, Normal, StudentsT};

/// The number of steps of an integral; even, for Simpson's rule.
const STEPS: usize = 600;

/// Returns the smallest true difference that a two-sided t-test at the level `alpha` finds with the probability
/// `power`, in the unit of `standard_error`.
///
/// It is δ times the standard error, where δ is the noncentrality for which a noncentral t variable with `freedom`
/// degrees of freedom exceeds the test's critical value with that probability (Johnson and Welch 1940). The function
/// returns 0 for an error of 0, and `None` for arguments out of range: degrees of freedom that are not above 0, an
/// `alpha` or a `power` that is not between 0 and 1.
#[must_use]
pub fn smallest_found(standard_error: f64, freedom: f64, alpha: f64, power: f64) -> Option<f64> {
    let is_share = |share: f64| share > 0.0 && share < 1.0;
    if !is_share(alpha) || !is_share(power) {
        return None;
    }
    let critical = critical(freedom, alpha)?;
    let beyond = Beyond::new(freedom)?;
    let (mut low, mut high) = (0.0, critical + 1.0);
    while beyond.probability(critical, high) < power {
        (low, high) = (high, 2.0 * high);
    }
    while high - low > 1e-9 * high {
        let middle = f64::midpoint(low, high);
        if beyond.probability(critical, middle) < power { low = middle } else { high = middle }
    }
    Some(high * standard_error)
}

/// The value that |t| must exceed in a two-sided test at the level `alpha`; `None` where `freedom` is not above 0.
#[must_use]
pub fn critical(freedom: f64, alpha: f64) -> Option<f64> {
    Some(StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(1.0 - alpha / 2.0))
}

/// The upper tail of the noncentral t distribution: the probability of (Z + δ)/S > t, where Z is standard normal, and S²
/// is independent of it and distributed as χ² divided by its degrees of freedom.
struct Beyond {
    /// Points of S with their weights, which add up to 1.
    points: Vec<(f64, f64)>,
    normal: Normal,
}

impl Beyond {
    fn new(freedom: f64) -> Option<Beyond> {
        let square = ChiSquared::new(freedom).ok()?;
        // S is nearly normal, with a standard deviation of at most 1/√(2·freedom); eight of them hold all but nothing.
        let reach = 8.0 / (2.0 * freedom).sqrt();
        let (from, to) = ((1.0 - reach).max(0.0), 1.0 + reach);
        let step = (to - from) / STEPS as f64;
        let mut points: Vec<(f64, f64)> = (0..=STEPS)
            .map(|at| {
                let s = from + step * at as f64;
                let simpson = match at {
                    0 | STEPS => 1.0,
                    odd if odd % 2 == 1 => 4.0,
                    _ => 2.0,
                };
                let density =
                    if s > 0.0 { 2.0 * freedom * s * square.pdf(freedom * s * s) } else { 0.0 };
                (s, simpson * density)
            })
            .collect();
        let sum: f64 = points.iter().map(|(_, weight)| weight).sum();
        points.iter_mut().for_each(|(_, weight)| *weight /= sum);
        Some(Beyond { points, normal: Normal::standard() })
    }

    fn probability(&self, t: f64, noncentrality: f64) -> f64 {
        let at = |(s, weight): &(f64, f64)| weight * self.normal.cdf(noncentrality - t * s);
        self.points.iter().map(at).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::paired;
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha12Rng;

    #[track_caller]
    fn near(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found / expected - 1.0).abs() < 1e-4, "{found} is not {expected}");
    }

    #[test]
    fn agrees_with_r_and_scipy() {
        // power.t.test(n = 20, delta = 1, sd = 1): 38 degrees of freedom, noncentrality √10, power = 0.8689528
        near(smallest_found(1.0, 38.0, 0.05, 0.868_952_8), 10f64.sqrt());
        // power.t.test(power = 0.9, delta = 1, sd = 1): n = 22.02110, so 2(n − 1) degrees of freedom and √(n/2)
        near(smallest_found(1.0, 42.0422, 0.05, 0.9), (22.021_1f64 / 2.0).sqrt());
        near(smallest_found(0.5, 38.0, 0.05, 0.868_952_8), 10f64.sqrt() / 2.0);
        // SciPy 1.17.1: brentq(lambda d: nct.sf(t.isf(a/2, f), f, d) - 0.9, 0.01, 1e3) for f = 7 and 3.4, and a = 0.05/36
        near(smallest_found(1.0, 7.0, 0.05 / 36.0, 0.9), 7.098_683_404_588_424);
        near(smallest_found(1.0, 3.4, 0.05 / 36.0, 0.9), 13.848_745_860_6);
        // qt(0.975, 7)
        near(critical(7.0, 0.05), 2.364_624_251_592_785);
    }

    #[test]
    fn what_cannot_be_is_none() {
        assert_eq!(smallest_found(0.0, 7.0, 0.05, 0.9), Some(0.0));
        assert_eq!(smallest_found(1.0, 0.0, 0.05, 0.9), None);
        assert_eq!(smallest_found(1.0, 7.0, 0.0, 0.9), None);
        assert_eq!(smallest_found(1.0, 7.0, 0.05, 1.0), None);
        assert_eq!(critical(-1.0, 0.05), None);
    }

    #[test]
    fn nine_such_differences_of_ten_are_found() {
        let mut rng = ChaCha12Rng::seed_from_u64(24);
        let normal = Normal::standard();
        let mut draw = || {
            let uniform = ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            normal.inverse_cdf(uniform)
        };
        // Eight blocks, and the strictest of the 36 comparisons of nine servers.
        let (noise, alpha, draws) = (0.02, 0.05 / 36.0, 4_000);
        let difference = smallest_found(noise / 8f64.sqrt(), 7.0, alpha, 0.9).unwrap();
        let found = (0..draws).filter(|_| {
            let blocks: Vec<_> =
                (0..8).map(|_| ((difference + noise * draw()).exp(), 1.0)).collect();
            paired(&blocks).unwrap().p_value() < alpha
        });
        let share = found.count() as f64 / f64::from(draws);
        assert!((0.885..0.915).contains(&share), "{share}");
    }

    proptest! {
        #[test]
        fn a_stricter_test_finds_larger_differences_only(freedom in 2.0f64..60.0, alpha in 0.001f64..0.2) {
            let found = |alpha, power| smallest_found(1.0, freedom, alpha, power).unwrap();
            prop_assert!(found(alpha / 2.0, 0.9) > found(alpha, 0.9));
            prop_assert!(found(alpha, 0.95) > found(alpha, 0.9));
            prop_assert!(found(alpha, 0.9) > critical(freedom, alpha).unwrap());
        }
    }
}
