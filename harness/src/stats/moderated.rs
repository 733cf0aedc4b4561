//! Variances that borrow from each other: an empirical Bayes estimate (Smyth 2004), which gives ratios measured side by side
//! more degrees of freedom than each has alone.

use statrs::function::gamma::digamma;

use super::ratio::LogRatio;

/// More prior degrees of freedom than this are as good as infinitely many.
const MANY: f64 = 1e6;

/// What the variances of many ratios say of the variance of one: the scaled inverse χ² distribution that they are drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The variance of one pair's logarithm about which the variances lie.
    pub variance: f64,
    /// How many degrees of freedom that variance is worth; infinite where the variances differ by no more than chance
    /// explains.
    pub freedom: f64,
    /// The most degrees of freedom that a ratio can have: those of all data together.
    pub most: f64,
}

/// Estimates the spread of paired ratios whose variances may differ; `None` for fewer than three, and where one has no
/// variance.
///
/// With s² a ratio's variance per pair and d its degrees of freedom, the logarithm of s² has the mean ln s₀² + ψ(d/2) −
/// ln(d/2) − ψ(d₀/2) + ln(d₀/2) and the variance ψ′(d/2) + ψ′(d₀/2), with s₀² the spread's variance and d₀ its freedom, which
/// are found from the logarithms' mean and variance (Smyth 2004, section 6.2). That holds for independent ratios. With the mean
/// `correlation` between two logarithms, chance makes them differ less, by the factor 1 − `correlation`; and no ratio can get
/// more degrees of freedom than `most`.
#[must_use]
pub fn spread(ratios: &[LogRatio], most: f64, correlation: f64) -> Option<Spread> {
    let n = ratios.len() as f64;
    let variances: Vec<f64> = ratios.iter().map(LogRatio::variance).collect();
    if ratios.len() < 3 || variances.iter().any(|variance| *variance <= 0.0) {
        return None;
    }
    let half = |ratio: &LogRatio| ratio.freedom / 2.0;
    let logs: Vec<f64> = variances
        .iter()
        .zip(ratios)
        .map(|(variance, ratio)| variance.ln() - digamma(half(ratio)) + half(ratio).ln())
        .collect();
    let mean = logs.iter().sum::<f64>() / n;
    let square = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let by_chance = ratios.iter().map(|ratio| trigamma(half(ratio))).sum::<f64>() / n;
    let beyond = square - (1.0 - correlation) * by_chance;
    if beyond <= trigamma(MANY / 2.0) {
        let variance = variances.iter().sum::<f64>() / n;
        return Some(Spread { variance, freedom: f64::INFINITY, most });
    }
    let half_prior = trigamma_inverse(beyond);
    let variance = (mean + digamma(half_prior) - half_prior.ln()).exp();
    Some(Spread { variance, freedom: 2.0 * half_prior, most })
}

impl LogRatio {
    /// The variance of one pair's logarithm.
    fn variance(&self) -> f64 {
        self.standard_error.powi(2) * self.count as f64
    }

    /// The same paired ratio with its variance drawn towards that of `spread`, each weighted by its degrees of freedom, which
    /// add up.
    #[must_use]
    pub fn moderated(self, spread: &Spread) -> LogRatio {
        let Spread { variance, freedom, most } = *spread;
        let both = if freedom.is_finite() {
            (freedom * variance + self.freedom * self.variance()) / (freedom + self.freedom)
        } else {
            variance
        };
        LogRatio {
            standard_error: (both / self.count as f64).sqrt(),
            freedom: (freedom + self.freedom).min(most).max(self.freedom),
            ..self
        }
    }
}

/// The derivative of the digamma function, for `x` above zero: its recurrence up to 10, and from there the asymptotic series
/// (Abramowitz and Stegun 6.4.6, 6.4.12).
fn trigamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < 10.0 {
        sum += x.powi(-2);
        x += 1.0;
    }
    let square = x.powi(-2);
    let series = 1.0 / 6.0 - square * (1.0 / 30.0 - square * (1.0 / 42.0 - square * (1.0 / 30.0)));
    sum + 1.0 / x + square / 2.0 + square / x * series
}

/// The number whose trigamma is `value`, between 1e-4 and [`MANY`].
fn trigamma_inverse(value: f64) -> f64 {
    let (mut low, mut high) = (1e-4_f64, MANY);
    // The function falls. Halving the logarithm 60 times leaves less than a rounding error.
    for _ in 0..60 {
        let middle = (low * high).sqrt();
        if trigamma(middle) > value { low = middle } else { high = middle }
    }
    (low * high).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(variance: f64, count: usize) -> LogRatio {
        let standard_error = (variance / count as f64).sqrt();
        LogRatio { ln: 0.05, standard_error, freedom: count as f64 - 1.0, count }
    }

    #[track_caller]
    fn near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-8, "{found} is not {expected}");
    }

    #[test]
    fn trigamma_agrees_with_scipy() {
        // scipy.special.polygamma(1, x), SciPy 1.17.1
        for (x, expected) in TRIGAMMA {
            near(trigamma(x), expected);
            near(trigamma_inverse(expected), x);
        }
    }

    const TRIGAMMA: [(f64, f64); 5] = [
        (0.3, 12.245_364_546_107_734),
        (1.0, 1.644_934_066_848_226_6),
        (3.5, 0.330_357_756_100_234_9),
        (12.0, 0.086_901_872_871_768_4),
        (400.0, 0.002_503_127_604_163_412),
    ];

    #[test]
    fn a_spread_agrees_with_its_equations_solved_by_scipy() {
        // v: the variances, d: their degrees of freedom; e = log(v) - digamma(d/2) + log(d/2);
        // h = brentq(lambda h: polygamma(1, h) - (e.var(ddof=1) - polygamma(1, d/2).mean()), 1e-3, 1e6);
        // exp(e.mean() + digamma(h) - log(h)), 2*h
        let variances = [(4e-4, 8), (11e-4, 8), (2e-4, 8), (31e-4, 8), (7e-4, 6), (16e-4, 8)];
        let ratios = variances.map(|(variance, count)| ratio(variance, count));
        let found = spread(&ratios, 30.0, 0.0).unwrap();
        near(found.variance, 0.000_745_444_237_630_558);
        near(found.freedom, 4.203_780_559_222_424);
        let moderated = ratios[0].moderated(&found);
        near(moderated.standard_error, 0.008_136_449_182_873_326);
        near(moderated.freedom, 11.203_780_559_222_423);
        assert_eq!(moderated.ln, ratios[0].ln);
    }

    #[test]
    fn variances_that_differ_by_chance_alone_are_one() {
        let ratios = [4e-4, 5e-4, 6e-4, 4.5e-4].map(|variance| ratio(variance, 8));
        let found = spread(&ratios, 20.0, 0.0).unwrap();
        assert_eq!(found.freedom, f64::INFINITY);
        for one in ratios {
            let moderated = one.moderated(&found);
            near(moderated.standard_error.powi(2) * 8.0, 4.875e-4);
            assert_eq!(moderated.freedom, 20.0);
        }
        // Never fewer than its own.
        assert_eq!(ratios[0].moderated(&Spread { most: 3.0, ..found }).freedom, 7.0);
    }

    #[test]
    fn too_few_variances_or_none_say_nothing() {
        assert_eq!(spread(&[ratio(1e-4, 8), ratio(2e-4, 8)], 14.0, 0.0), None);
        assert_eq!(spread(&[ratio(1e-4, 8), ratio(2e-4, 8), ratio(0.0, 8)], 14.0, 0.0), None);
    }
}
