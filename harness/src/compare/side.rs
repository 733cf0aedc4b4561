//! The two sides of a comparison, and the test that they allow.
//!
//! On a shared host the CPU time of a request moves by up to a tenth from trial to trial, and that of the load's end
//! of the request moves along. So server CPU per request is compared at an equal cost of the load, by analysis of
//! covariance.
//!
//! The load's cost may also be the server's doing, by longer or more answers. Then the adjusted ratio would lose
//! what it should show. So the adjusted test stands alone only where the load's costs are not shown to differ and
//! goodputs are alike, and, between runs, both sides have equally many blocks. Elsewhere the adjusted and the plain
//! test must both show a difference, and to the same side, or both an equivalence. To fall back on the plain test
//! alone would be wrong too: noise that makes the load's costs seem different makes the server's seem so as well,
//! and the same server would be called different in 8 of 100 pairs in place of 5 (simulated, 8 blocks, a
//! correlation of 0.95).

use crate::definition::cell::Cell;
use crate::definition::server::RunServer;
use crate::format::folder::Raw;
use crate::measure::block::{Blocks, Metric, Value};
use crate::stats::{Covaried, LogRatio, paired, paired_adjusted, unpaired, unpaired_adjusted};

/// A regression on fewer blocks says little.
const BLOCKS: usize = 5;
/// Goodputs that differ by less load a host alike.
const GOODPUTS: f64 = 1.1;
/// Where the load's costs are shown to differ, they may be the server's doing.
const ALPHA: f64 = 0.05;

/// Whether the load's own cost was taken out of a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// It was not: the ratio is the plain one.
    None,
    /// It was: the ratio is that at an equal cost of the load.
    Load,
    /// The load's cost may be the server's doing: the ratio is the plain one, and what is said of it holds with
    /// and without.
    Both,
}

impl Adjustment {
    /// As it is written in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Adjustment::None => "no",
            Adjustment::Load => "load",
            Adjustment::Both => "both",
        }
    }
}

/// Which sides of a comparison are only lower bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bounds {
    Neither,
    A,
    B,
    Both,
}

/// One server in one cell.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) blocks: Blocks,
    has_database: bool,
}

impl Side {
    /// Absent where the cell has no such figure.
    pub(super) fn of(raw: &Raw, server: &RunServer, cell: &Cell, metric: Metric) -> Option<Side> {
        Some(Side {
            blocks: Blocks::of(raw, &server.name, cell, metric)?,
            has_database: server.has_database(),
        })
    }

    /// Whether the figure is only a lower bound.
    pub(super) fn is_bound(&self, metric: Metric) -> bool {
        metric == Metric::Goodput && self.blocks.lower_bound
    }
}

/// What two sides say before it is known what else is compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Test {
    pub(super) metric: Metric,
    pub(super) adjustment: Adjustment,
    pub(super) bounds: Bounds,
    plain: LogRatio,
    adjusted: Option<LogRatio>,
}

impl Test {
    /// Of one run: its blocks pair the values. Absent where they share fewer than two.
    pub(super) fn paired(metric: Metric, a: &Side, b: &Side) -> Option<Test> {
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

    /// Of two runs: what one sitting's first block had in common with the other's is nothing, so nothing pairs them.
    pub(super) fn unpaired(metric: Metric, a: &Side, b: &Side) -> Option<Test> {
        let of = |side: &Side| side.blocks.values.values().map(covaried).collect::<Vec<_>>();
        let (of_a, of_b) = (of(a), of(b));
        let values = |side: &[Covaried]| side.iter().map(|one| one.value).collect::<Vec<_>>();
        let costs = |side: &[Covaried]| side.iter().map(|one| one.covariate).collect::<Vec<_>>();
        let plain = unpaired(&values(&of_a), &values(&of_b))?;
        // The adjusted test pools both sides' spreads. Where those differ, and the blocks' numbers too, it is too
        // bold, so it does not stand alone.
        let even = of_a.len() == of_b.len();
        let loads = even.then(|| unpaired(&costs(&of_a), &costs(&of_b))).flatten();
        let enough = of_a.len().min(of_b.len()) >= BLOCKS;
        let adjusted = enough.then(|| unpaired_adjusted(&of_a, &of_b)).flatten();
        Some(Test::new(metric, a, b, plain, loads, adjusted))
    }

    fn new(
        metric: Metric,
        a: &Side,
        b: &Side,
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

    /// Of two lower bounds nothing can be said.
    pub(super) fn says_something(&self) -> bool {
        self.bounds != Bounds::Both
    }

    /// The ratio that is shown.
    pub(super) fn ratio(&self) -> LogRatio {
        match (self.adjustment, self.adjusted) {
            (Adjustment::Load, Some(adjusted)) => adjusted,
            _ => self.plain,
        }
    }

    /// That the sides are the same: the worse of both where both must show that they are not. Two that lie on
    /// different sides of 1 show nothing together.
    pub(super) fn p_value(&self) -> f64 {
        let [one, other] = self.ratios();
        if one.ln * other.ln <= 0.0 { 1.0 } else { one.p_value().max(other.p_value()) }
    }

    /// That they are at least `margin` times apart; likewise.
    pub(super) fn p_equivalent(&self, margin: f64) -> f64 {
        let [one, other] = self.ratios();
        one.p_equivalent(margin).max(other.p_equivalent(margin))
    }

    /// How far from 1 the ratio is, as a logarithm: the nearer of both where both must be that far.
    pub(super) fn distance(&self) -> f64 {
        let [one, other] = self.ratios();
        one.ln.abs().min(other.ln.abs())
    }

    /// Those that what is said must hold of; where one stands alone, it twice.
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
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha12Rng;
    use statrs::distribution::{ContinuousCDF, Normal};

    /// Of 4,000 pairs of servers that differ by `truth`, the part that is called different: 8 blocks, a host
    /// that moves both ends of a request by 6%, and 2% of the server's own.
    fn called_different(truth: f64) -> f64 {
        let mut rng = ChaCha12Rng::seed_from_u64(22);
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut draw = || {
            let uniform = ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            normal.inverse_cdf(uniform)
        };
        let mut side = |factor: f64| {
            let values = (1..=8).map(|block| {
                let host = 0.06 * draw();
                let value = factor * (host + 0.02 * draw()).exp();
                (block, Value { value, load_cpu: host.exp() })
            });
            let blocks = Blocks { values: values.collect(), goodput: 1.0, lower_bound: false };
            Side { blocks, has_database: true }
        };
        let pairs = 4_000;
        let called = (0..pairs).filter(|_| {
            let test = Test::paired(Metric::ServerCpu, &side(truth), &side(1.0)).unwrap();
            judge(&[(test, None)])[0].verdict == Verdict::Different
        });
        called.count() as f64 / f64::from(pairs)
    }

    /// A server's CPU times and its load's, block by block.
    fn side(cpu: &[f64], load_cpu: &[f64]) -> Side {
        let values = (1..).zip(cpu.iter().zip(load_cpu));
        let values = values
            .map(|(block, (cpu, load_cpu))| (block, Value { value: *cpu, load_cpu: *load_cpu }));
        let blocks = Blocks { values: values.collect(), goodput: 1.0, lower_bound: false };
        Side { blocks, has_database: true }
    }

    /// By block: what of a server's CPU time its load's does not explain.
    const REST: [f64; 8] = [1.006, 0.994, 1.004, 0.994, 1.005, 1.006, 0.995, 1.004];

    /// A server over another, where the load costs 1.35 times as much and the server `own` times what that explains.
    fn costlier_load(own: f64) -> Test {
        let load_cpu = LARGE.map(|host| 1.35 * host);
        let cpu: Vec<f64> =
            load_cpu.iter().zip(REST).map(|(load, rest)| own * load * rest).collect();
        let test =
            Test::paired(Metric::ServerCpu, &side(&cpu, &load_cpu), &side(&[1.0; 8], &[1.0; 8]));
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
            let (a, b) = (side(&cpu, &LARGE), side(&cpu[..blocks], &LARGE[..blocks]));
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
