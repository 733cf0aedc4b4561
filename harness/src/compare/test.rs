//! The statistical test of two samples.
//!
//! On a shared host, the CPU time of a request varies by up to a tenth from trial to trial, and the load's own CPU
//! time per request varies with it. So server CPU per request is compared at an equal cost of the load, by analysis
//! of covariance.
//!
//! But a server may also cause the load's cost, by longer answers or more of them. Then the adjusted ratio would lose
//! part of the difference that it should show. So the adjusted test is used alone only where the costs of the load
//! are not shown to differ and the goodputs are similar, and, between runs, where both samples have the same number
//! of blocks. Elsewhere the adjusted test and the plain test must both show a difference, in the same direction, or
//! both an equivalence.
//!
//! Using the plain test alone there would be wrong too: noise that makes the load's costs appear different does the
//! same to the servers' costs, and a server would be called different from itself in 8 of 100 pairs instead of 5
//! (simulated: 8 blocks, a correlation of 0.95).

use super::sample::Sample;
use crate::measure::block::{Metric, Value};
use crate::stats::{
    Covaried, Excess, LogRatio, paired, paired_adjusted, unpaired, unpaired_adjusted,
};

/// The fewest blocks that allow a regression.
const BLOCKS: usize = 5;
/// Two servers whose goodputs differ by less than this factor load a host alike.
const GOODPUTS: f64 = 1.1;
/// Below this p-value, the costs of the load differ, and the servers may be the cause.
const ALPHA: f64 = 0.05;

/// Whether a ratio is adjusted for the load's own cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// The ratio is not adjusted.
    None,
    /// The ratio is adjusted: it holds at an equal cost of the load.
    Load,
    /// The servers may have caused the load's cost, so the ratio is not adjusted, and the result holds with and
    /// without adjustment.
    Both,
}

impl Adjustment {
    /// The name that tables use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Adjustment::None => "no",
            Adjustment::Load => "load",
            Adjustment::Both => "both",
        }
    }
}

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
    pub(super) adjustment: Adjustment,
    pub(super) bounds: Bounds,
    plain: LogRatio,
    adjusted: Option<LogRatio>,
}

impl Test {
    /// Tests two samples of one run, paired by block; `None` where they share fewer than two blocks.
    pub(super) fn paired(metric: Metric, a: &Sample, b: &Sample) -> Option<Test> {
        let pairs: Vec<(Covaried, Covaried)> = a
            .blocks
            .values
            .iter()
            .filter_map(|(block, a)| Some((covaried(a), covaried(b.blocks.values.get(block)?))))
            .collect();
        let parts = |part: fn(&Covaried) -> f64| -> Vec<(f64, f64)> {
            pairs.iter().map(|(a, b)| (part(a), part(b))).collect()
        };
        let plain = paired(&parts(|one| one.value))?;
        let loads = paired(&parts(|one| one.covariate));
        let adjusted = (pairs.len() >= BLOCKS).then(|| paired_adjusted(&pairs)).flatten();
        Some(Test::new(metric, a, b, plain, loads, adjusted))
    }

    /// Tests two samples of different runs, which nothing pairs: block 1 of one run has nothing in common with block
    /// 1 of the other.
    pub(super) fn unpaired(metric: Metric, a: &Sample, b: &Sample) -> Option<Test> {
        let of = |sample: &Sample| sample.blocks.values.values().map(covaried).collect::<Vec<_>>();
        let (of_a, of_b) = (of(a), of(b));
        let values = |sample: &[Covaried]| sample.iter().map(|one| one.value).collect::<Vec<_>>();
        let costs =
            |sample: &[Covaried]| sample.iter().map(|one| one.covariate).collect::<Vec<_>>();
        let plain = unpaired(&values(&of_a), &values(&of_b))?;
        // The adjusted test assumes that both samples vary equally. Where they do not, and their numbers of blocks
        // differ too, it finds too many differences, so it is not used alone.
        let even = of_a.len() == of_b.len();
        let loads = even.then(|| unpaired(&costs(&of_a), &costs(&of_b))).flatten();
        let enough = of_a.len().min(of_b.len()) >= BLOCKS;
        let adjusted = enough.then(|| unpaired_adjusted(&of_a, &of_b)).flatten();
        Some(Test::new(metric, a, b, plain, loads, adjusted))
    }

    fn new(
        metric: Metric,
        a: &Sample,
        b: &Sample,
        plain: LogRatio,
        loads: Option<LogRatio>,
        adjusted: Option<LogRatio>,
    ) -> Test {
        let applies = metric == Metric::ServerCpu && a.has_database == b.has_database;
        let adjusted = adjusted.filter(|_| applies);
        let alike = {
            let (a, b) = (a.blocks.goodput, b.blocks.goodput);
            a.max(b) / a.min(b) < GOODPUTS
        };
        let innocent = alike && loads.is_some_and(|loads| loads.p_value() >= ALPHA);
        Test {
            metric,
            adjustment: match (adjusted, innocent) {
                (None, _) => Adjustment::None,
                (Some(_), true) => Adjustment::Load,
                (Some(_), false) => Adjustment::Both,
            },
            bounds: match (a.is_bound(metric), b.is_bound(metric)) {
                (false, false) => Bounds::Neither,
                (true, false) => Bounds::A,
                (false, true) => Bounds::B,
                (true, true) => Bounds::Both,
            },
            plain,
            adjusted,
        }
    }

    /// The test with the variance of copies of a server added to the errors of both ratios.
    pub(super) fn widened(self, plain: &Excess, adjusted: &Excess) -> Test {
        Test {
            plain: self.plain.widened(plain),
            adjusted: self.adjusted.map(|ratio| ratio.widened(adjusted)),
            ..self
        }
    }

    /// The ratio that is not adjusted.
    pub(super) fn plain(&self) -> LogRatio {
        self.plain
    }

    /// The ratio at an equal cost of the load, whether it is used or not; absent where there are too few blocks.
    pub(super) fn adjusted(&self) -> Option<LogRatio> {
        self.adjusted
    }

    /// The least precise of the ratios that must support the result.
    pub(super) fn least_precise(&self) -> LogRatio {
        let [one, other] = self.ratios();
        if one.standard_error >= other.standard_error { one } else { other }
    }

    /// Whether the test can have a result: two lower bounds cannot be compared.
    pub(super) fn says_something(&self) -> bool {
        self.bounds != Bounds::Both
    }

    /// The ratio that is reported.
    pub(super) fn ratio(&self) -> LogRatio {
        match (self.adjustment, self.adjusted) {
            (Adjustment::Load, Some(adjusted)) => adjusted,
            _ => self.plain,
        }
    }

    /// The p-value of the hypothesis that the samples are the same: the larger one where two ratios must both show a
    /// difference, and 1 where the two point in opposite directions.
    pub(super) fn p_value(&self) -> f64 {
        let [one, other] = self.ratios();
        if one.ln * other.ln <= 0.0 { 1.0 } else { one.p_value().max(other.p_value()) }
    }

    /// The p-value of the hypothesis that the samples differ by at least the factor `margin`: the larger one where
    /// two ratios must both show an equivalence.
    pub(super) fn p_equivalent(&self, margin: f64) -> f64 {
        let [one, other] = self.ratios();
        one.p_equivalent(margin).max(other.p_equivalent(margin))
    }

    /// The distance of the ratio from 1, as a logarithm: the smaller one where two ratios must both be that far from
    /// 1.
    pub(super) fn distance(&self) -> f64 {
        let [one, other] = self.ratios();
        one.ln.abs().min(other.ln.abs())
    }

    /// The two ratios that must both support the result; the same ratio twice where one is enough.
    fn ratios(&self) -> [LogRatio; 2] {
        match (self.adjustment, self.adjusted) {
            (Adjustment::Both, Some(adjusted)) => [self.plain, adjusted],
            _ => [self.ratio(); 2],
        }
    }
}

fn covaried(value: &Value) -> Covaried {
    Covaried { value: value.value, covariate: value.load_cpu }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Verdict, judge};
    use crate::format::synthetic_run::LARGE;
    use crate::measure::block::Blocks;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha12Rng;
    use statrs::distribution::{ContinuousCDF, Normal};

    /// The share of 4,000 pairs of servers, whose costs differ by the factor `truth`, that is called different: 8
    /// blocks, a host that moves both ends of a request by 6%, and 2% of noise in the server alone.
    fn called_different(truth: f64) -> f64 {
        let mut rng = ChaCha12Rng::seed_from_u64(22);
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut draw = || {
            let uniform = ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            normal.inverse_cdf(uniform)
        };
        let mut sample = |factor: f64| {
            let values = (1..=8).map(|block| {
                let host = 0.06 * draw();
                let value = factor * (host + 0.02 * draw()).exp();
                (block, Value { value, load_cpu: host.exp() })
            });
            let blocks = Blocks { values: values.collect(), goodput: 1.0, lower_bound: false };
            Sample { blocks, has_database: true }
        };
        let pairs = 4_000;
        let called = (0..pairs).filter(|_| {
            let test = Test::paired(Metric::ServerCpu, &sample(truth), &sample(1.0)).unwrap();
            judge(&[(test, None)])[0].verdict == Verdict::Different
        });
        called.count() as f64 / f64::from(pairs)
    }

    /// A sample with the given CPU times of the server and of the load, block by block.
    fn sample(cpu: &[f64], load_cpu: &[f64]) -> Sample {
        let values = (1..).zip(cpu.iter().zip(load_cpu));
        let values = values
            .map(|(block, (cpu, load_cpu))| (block, Value { value: *cpu, load_cpu: *load_cpu }));
        let blocks = Blocks { values: values.collect(), goodput: 1.0, lower_bound: false };
        Sample { blocks, has_database: true }
    }

    /// Factors for 8 blocks: the noise of a server's CPU time that its load's CPU time does not explain.
    const REST: [f64; 8] = [1.006, 0.994, 1.004, 0.994, 1.005, 1.006, 0.995, 1.004];

    /// Tests a server against another whose load costs 1.35 times less; `own` is the factor that the load does not
    /// explain.
    fn costlier_load(own: f64) -> Test {
        let load_cpu = LARGE.map(|host| 1.35 * host);
        let cpu: Vec<f64> =
            load_cpu.iter().zip(REST).map(|(load, rest)| own * load * rest).collect();
        let test = Test::paired(
            Metric::ServerCpu,
            &sample(&cpu, &load_cpu),
            &sample(&[1.0; 8], &[1.0; 8]),
        );
        test.expect("eight blocks are enough")
    }

    #[test]
    fn tests_that_show_opposite_differences_show_none() {
        let verdict = |own, floor| judge(&[(costlier_load(own), floor)])[0].verdict;
        for own in [0.95, 1.05] {
            let test = costlier_load(own);
            let adjusted = test.adjusted.unwrap();
            assert_eq!(test.adjustment, Adjustment::Both);
            assert!(test.plain.ln > 0.2 && (adjusted.ln - f64::ln(own)).abs() < 0.01, "{test:?}");
            assert!(test.plain.p_value() < 0.01 && adjusted.p_value() < 0.01, "{test:?}");
        }
        assert_eq!(costlier_load(0.95).p_value(), 1.0);
        assert_eq!(verdict(0.95, None), Verdict::Undecided);
        assert_eq!(verdict(1.05, None), Verdict::Different);
        assert_eq!(verdict(1.05, Some(1.1f64.ln())), Verdict::Undecided, "one is below the floor");
    }

    #[test]
    fn sides_of_unequal_blocks_are_not_adjusted_alone() {
        let adjustment = |blocks: usize| {
            let cpu: Vec<f64> = LARGE.iter().zip(REST).map(|(host, rest)| host * rest).collect();
            let (a, b) = (sample(&cpu, &LARGE), sample(&cpu[..blocks], &LARGE[..blocks]));
            Test::unpaired(Metric::ServerCpu, &a, &b).unwrap().adjustment
        };
        assert_eq!((adjustment(8), adjustment(6)), (Adjustment::Load, Adjustment::Both));
    }

    #[test]
    fn the_same_server_is_seldom_called_different_and_a_costlier_one_mostly() {
        let (same, costlier) = (called_different(1.0), called_different(1.05));
        assert!(same < 0.05, "{same}");
        assert!(costlier > 0.9, "{costlier}");
    }
}
