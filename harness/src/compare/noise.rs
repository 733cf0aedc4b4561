//! What a run shows of the errors of its ratios: how far apart two copies of the same server are, and how pairs vary.

use std::collections::BTreeSet;

use super::sample::{Sample, server};
use super::test::Test;
use crate::definition::Role;
use crate::definition::cell::Cell;
use crate::definition::server::RunServer;
use crate::format::folder::Raw;
use crate::measure::block::Metric;
use crate::stats::{Excess, LogRatio, Spread, excess, spread};

/// The fewest servers with a twin from which a variance is estimated: two would leave it two degrees of freedom, with
/// which an interval says next to nothing.
pub const TWINS: usize = 3;

/// How far apart copies of the same server are, in one metric of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Copies {
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
    Variance(Excess),
}

/// What a run shows of the errors of its ratios, in one metric of one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Noise {
    /// How far apart copies of the same server are.
    pub copies: Copies,
    /// What the pairs of the cell show of each other's variance; absent where they are too few.
    pub spread: Option<Spread>,
}

impl Noise {
    /// The noise that the contenders of `raw` and their twins show.
    #[must_use]
    pub fn of(raw: &Raw, cell: &Cell, metric: Metric) -> Noise {
        let spread = spread_of(raw, cell, metric);
        let tests: Vec<(&str, LogRatio)> = twins(raw)
            .filter_map(|(twin, of)| Some((of, test(raw, cell, twin, of, metric)?.ratio)))
            .map(|(of, ratio)| (of, moderated(ratio, spread)))
            .collect();
        let servers: BTreeSet<&str> = tests.iter().map(|(of, _)| *of).collect();
        let ratios: Vec<LogRatio> = tests.iter().map(|(_, ratio)| *ratio).collect();
        let largest = ratios.iter().map(|ratio| ratio.ln.abs()).max_by(f64::total_cmp);
        let copies = match (excess(&ratios), largest) {
            (Some(excess), _) if servers.len() >= TWINS => Copies::Variance(excess),
            (_, Some(ln)) => Copies::Floor { ln, twins: servers.len() },
            _ => Copies::Unknown,
        };
        Noise { copies, spread }
    }

    /// The number of comparisons of a server with its twin that show it.
    #[must_use]
    pub fn twins(&self) -> usize {
        match self.copies {
            Copies::Unknown => 0,
            Copies::Floor { twins, .. } => twins,
            Copies::Variance(excess) => excess.count,
        }
    }

    /// The noise that applies to a pair. What copies show does not to a server and its own twin, which show it; and
    /// contenders say nothing of how much others vary.
    pub(super) fn applied(self, raw: &Raw, a: &str, b: &str) -> Noise {
        let is_own = twins(raw).any(|pair| pair == (a, b) || pair == (b, a));
        let shares = |name| server(raw, name).is_some_and(shares_a_spread);
        Noise {
            copies: if is_own { Copies::Unknown } else { self.copies },
            spread: self.spread.filter(|_| shares(a) && shares(b)),
        }
    }

    /// A test that allows for the noise, and the floor that its ratio must exceed as a logarithm, if there is one.
    pub(super) fn allowed_for(self, test: Test) -> (Test, Option<f64>) {
        let ratio = moderated(test.ratio, self.spread);
        match self.copies {
            Copies::Unknown => (Test { ratio, ..test }, None),
            Copies::Floor { ln, .. } => (Test { ratio, ..test }, Some(ln)),
            Copies::Variance(excess) => (Test { ratio: ratio.widened(&excess), ..test }, None),
        }
    }
}

fn moderated(ratio: LogRatio, spread: Option<Spread>) -> LogRatio {
    spread.map_or(ratio, |spread| ratio.moderated(&spread))
}

/// Whether a server is a contender or the twin of one: these vary alike, or nearly.
fn shares_a_spread(server: &RunServer) -> bool {
    server.role == Role::Contender || server.twin_of.is_some()
}

/// What the pairs of a cell's contenders and their twins show of each other's variance.
fn spread_of(raw: &Raw, cell: &Cell, metric: Metric) -> Option<Spread> {
    let servers = raw.run.server.iter().filter(|server| shares_a_spread(server));
    let samples: Vec<Sample> =
        servers.filter_map(|server| Sample::of(raw, server, cell, metric)).collect();
    spread_among(&samples, metric)
}

fn spread_among(samples: &[Sample], metric: Metric) -> Option<Spread> {
    let others = |a: usize| samples[a + 1..].iter().map(move |b| (&samples[a], b));
    let pairs = (0..samples.len()).flat_map(others);
    let tests = pairs.filter_map(|(a, b)| Some(Test::paired(metric, a, b)?.ratio));
    let ratios: Vec<LogRatio> = tests.collect();
    // So many differences between samples are independent of each other.
    let freedom = ratios.iter().map(|ratio| ratio.freedom).fold(0.0, f64::max);
    // Two pairs that share a server have the correlation 1/2, and the squares of their deviations a quarter; of all other pairs
    // of a pair of n servers, (n − 2)·2 share one.
    let n = samples.len() as f64;
    let correlation = 0.25 * 2.0 * (n - 2.0) / (n * (n - 1.0) / 2.0 - 1.0).max(1.0);
    spread(&ratios, freedom * (n - 1.0), correlation)
}

/// The largest difference between a server and its twin, as a logarithm, however many twins there are.
pub(super) fn ln_floor(raw: &Raw, cell: &Cell, metric: Metric) -> Option<f64> {
    twins(raw)
        .filter_map(|(twin, of)| test(raw, cell, twin, of, metric))
        .map(|test| test.ratio.ln.abs())
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
    use crate::measure::block::Blocks;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha12Rng;
    use statrs::distribution::{ContinuousCDF, Normal};

    /// Runs of eight blocks of six servers, three of which have a twin.
    struct Runs {
        /// By how much each copy of a server differs lastingly: the standard deviation, as a multiple of the error of eight
        /// trials with a noise of 3%.
        copies: f64,
        /// The noise of a trial of each server: its standard deviation.
        trial: [f64; 6],
        /// How much more the first server costs than the others, as a logarithm.
        more: f64,
        /// Whether pairs borrow from each other's variance.
        borrow: bool,
    }

    impl Runs {
        /// The shares of `runs` in which any two equal servers are called different, and in which the first is called
        /// different from the second.
        fn found(&self, runs: u32) -> (f64, f64) {
            let mut rng = ChaCha12Rng::seed_from_u64(23);
            let normal = Normal::new(0.0, 1.0).unwrap();
            let mut draw = || {
                let uniform = ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
                normal.inverse_cdf(uniform)
            };
            let mut sample = |place: usize| {
                let trial = self.trial[place];
                let more = if place == 0 { self.more } else { 0.0 };
                let own = more + self.copies * 0.03 / 8f64.sqrt() * draw();
                let values = (1..=8).map(|block| (block, (own + trial * draw()).exp()));
                let blocks = Blocks { values: values.collect(), lower_bound: false };
                Sample { blocks }
            };
            let (mut false_alarms, mut found) = (0, 0);
            for _ in 0..runs {
                let samples: Vec<Sample> = (0..6).chain(0..3).map(&mut sample).collect();
                let tested = |a: usize, b: usize| {
                    Test::paired(Metric::P50, &samples[a], &samples[b]).unwrap()
                };
                let spread = self.borrow.then(|| spread_among(&samples, Metric::P50)).flatten();
                let twins: Vec<LogRatio> =
                    (0..3).map(|of| moderated(tested(6 + of, of).ratio, spread)).collect();
                let copies = Copies::Variance(excess(&twins).unwrap());
                let noise = Noise { copies, spread };
                let pairs: Vec<(usize, usize)> =
                    (0..6).flat_map(|a| (a + 1..6).map(move |b| (a, b))).collect();
                let tests: Vec<_> =
                    pairs.iter().map(|(a, b)| noise.allowed_for(tested(*a, *b))).collect();
                let different: Vec<(usize, usize)> = judge(&tests)
                    .iter()
                    .zip(pairs)
                    .filter(|(comparison, _)| comparison.verdict == Verdict::Different)
                    .map(|(_, pair)| pair)
                    .collect();
                let is_false = |(a, _): &(usize, usize)| self.more == 0.0 || *a > 0;
                false_alarms += u32::from(different.iter().any(is_false));
                found += u32::from(different.contains(&(0, 1)));
            }
            let share = |count: u32| f64::from(count) / f64::from(runs);
            (share(false_alarms), share(found))
        }
    }

    /// Servers that vary alike, and servers of which one varies four times as much as another.
    const TRIALS: [[f64; 6]; 2] = [[0.03; 6], [0.01, 0.02, 0.02, 0.03, 0.03, 0.04]];

    #[test]
    fn equal_servers_are_seldom_called_different_however_far_copies_differ() {
        for trial in TRIALS {
            for copies in [0.0, 0.5, 1.0, 2.0, 4.0] {
                let (share, _) = Runs { copies, trial, more: 0.0, borrow: true }.found(1_000);
                assert!(share <= 0.05, "{share} at {copies}, {trial:?}");
            }
        }
    }

    #[test]
    fn a_pair_gains_from_the_others() {
        let found = |borrow| {
            let runs = Runs { copies: 0.0, trial: TRIALS[0], more: 0.06, borrow };
            runs.found(1_000).1
        };
        let (alone, borrowed) = (found(false), found(true));
        println!(
            "6% found in {alone} of runs by the own variance, in {borrowed} by the moderated one"
        );
        assert!(borrowed > 1.5 * alone, "{alone}, {borrowed}");
    }
}
