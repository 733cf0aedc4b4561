//! What a run's twins show: how far apart two copies of the same server are.

use std::collections::BTreeSet;

use super::sample::Sample;
use super::test::Test;
use crate::definition::cell::Cell;
use crate::format::folder::Raw;
use crate::measure::block::Metric;
use crate::stats::{Excess, LogRatio, excess};

/// The fewest servers with a twin from which a variance is estimated: two would leave it two degrees of freedom, with
/// which an interval says next to nothing.
pub const TWINS: usize = 3;

/// How far apart copies of the same server are, in one metric of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Noise {
    /// No server was measured twice.
    #[default]
    Unknown,
    /// Fewer than three servers were measured twice: a difference must be larger than any of theirs.
    Floor {
        /// The largest difference between a server and its twin, as the logarithm of a ratio; not below 0.
        ln: f64,
        /// The number of servers that were measured twice.
        twins: usize,
    },
    /// The variance of copies widens every interval.
    Variance {
        /// The variance of ratios that are not adjusted.
        plain: Excess,
        /// The variance of adjusted ratios; that of the others where a twin has none.
        adjusted: Excess,
    },
}

impl Noise {
    /// The noise that the twins of `raw` show.
    #[must_use]
    pub fn of(raw: &Raw, cell: &Cell, metric: Metric) -> Noise {
        let tests: Vec<(&str, Test)> = twins(raw)
            .filter_map(|(twin, of)| Some((of, test(raw, cell, twin, of, metric)?)))
            .collect();
        let servers: BTreeSet<&str> = tests.iter().map(|(of, _)| *of).collect();
        let ratios = |of: fn(&Test) -> LogRatio| -> Vec<LogRatio> {
            tests.iter().map(|(_, test)| of(test)).collect()
        };
        let plain = excess(&ratios(Test::plain));
        let adjusted = excess(&ratios(|test| test.adjusted().unwrap_or(test.plain())));
        let largest = tests.iter().map(|(_, test)| test.ratio().ln.abs()).max_by(f64::total_cmp);
        match (plain, adjusted, largest) {
            (Some(plain), Some(adjusted), _) if servers.len() >= TWINS => {
                Noise::Variance { plain, adjusted }
            }
            (_, _, Some(ln)) => Noise::Floor { ln, twins: servers.len() },
            _ => Noise::Unknown,
        }
    }

    /// The number of comparisons of a server with its twin that show it.
    #[must_use]
    pub fn twins(&self) -> usize {
        match self {
            Noise::Unknown => 0,
            Noise::Floor { twins, .. } => *twins,
            Noise::Variance { plain, .. } => plain.count,
        }
    }

    /// The noise that applies to a pair: none to a server and its own twin, which show it.
    pub(super) fn applied(self, raw: &Raw, a: &str, b: &str) -> Noise {
        let is_own = twins(raw).any(|pair| pair == (a, b) || pair == (b, a));
        if is_own { Noise::Unknown } else { self }
    }

    /// A test that allows for the noise, and the floor that its ratio must exceed as a logarithm, if there is one.
    pub(super) fn allowed_for(self, test: Test) -> (Test, Option<f64>) {
        match self {
            Noise::Unknown => (test, None),
            Noise::Floor { ln, .. } => (test, Some(ln)),
            Noise::Variance { plain, adjusted } => (test.widened(&plain, &adjusted), None),
        }
    }
}

/// The largest difference between a server and its twin, as a logarithm, however many twins there are.
pub(super) fn ln_floor(raw: &Raw, cell: &Cell, metric: Metric) -> Option<f64> {
    twins(raw)
        .filter_map(|(twin, of)| test(raw, cell, twin, of, metric))
        .map(|test| test.ratio().ln.abs())
        .max_by(f64::total_cmp)
}

fn test(raw: &Raw, cell: &Cell, a: &str, b: &str, metric: Metric) -> Option<Test> {
    let sample = |name| Sample::named(raw, name, cell, metric);
    Test::paired(metric, &sample(a)?, &sample(b)?)
}

/// Each twin with the server that it is.
fn twins(raw: &Raw) -> impl Iterator<Item = (&str, &str)> {
    raw.run
        .server
        .iter()
        .filter_map(|server| Some((server.name.as_str(), server.twin_of.as_deref()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Verdict, judge};
    use crate::measure::block::{Blocks, Value};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha12Rng;
    use statrs::distribution::{ContinuousCDF, Normal};

    /// The share of `runs` in which any two of six equal servers are called different, where three of them have a twin.
    ///
    /// Each trial has a noise of 3%, and each copy of a server its own lasting factor, of `spread` times the standard error
    /// of a ratio of 8 blocks.
    fn false_alarms(spread: f64, runs: u32) -> f64 {
        let mut rng = ChaCha12Rng::seed_from_u64(23);
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut draw = || {
            let uniform = ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            normal.inverse_cdf(uniform)
        };
        let trial = 0.03;
        // The errors of both servers of a pair make that of the ratio.
        let copy = spread * trial / 8f64.sqrt();
        let mut sample = || {
            let own = copy * draw();
            let values = (1..=8)
                .map(|block| (block, Value { value: (own + trial * draw()).exp(), load_cpu: 1.0 }));
            let blocks = Blocks { values: values.collect(), goodput: 1.0, lower_bound: false };
            Sample { blocks, has_database: true }
        };
        let alarming = (0..runs).filter(|_| {
            let servers: [Sample; 6] = std::array::from_fn(|_| sample());
            let tested = |a: &Sample, b: &Sample| Test::paired(Metric::P50, a, b).unwrap();
            let twins: Vec<LogRatio> =
                servers[..3].iter().map(|server| tested(&sample(), server).plain()).collect();
            let variance = excess(&twins).unwrap();
            let noise = Noise::Variance { plain: variance, adjusted: variance };
            let pairs = (0..6).flat_map(|a| (a + 1..6).map(move |b| (a, b)));
            let tests: Vec<_> =
                pairs.map(|(a, b)| noise.allowed_for(tested(&servers[a], &servers[b]))).collect();
            judge(&tests).iter().any(|comparison| comparison.verdict == Verdict::Different)
        });
        alarming.count() as f64 / f64::from(runs)
    }

    #[test]
    fn equal_servers_are_seldom_called_different_however_far_copies_differ() {
        for spread in [0.0, 0.5, 1.0, 2.0, 4.0] {
            let share = false_alarms(spread, 1_000);
            assert!(share <= 0.05, "{share} at {spread}");
        }
    }
}
