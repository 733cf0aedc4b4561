//! Comparisons within a run, paired by block.

use std::collections::BTreeMap;

use super::sample::Sample;
use super::test::Test;
use super::{Comparison, judge};
use crate::definition::cell::Cell;
use crate::definition::server::RunServer;
use crate::format::folder::Raw;
use crate::measure::block::Metric;

/// Compares `metric` of server `a` with that of server `b` under a scenario and a load, as the only test: corrected
/// for no other comparison.
///
/// The run's noise floor applies, except to the pair that defines it. The function returns `None` where a server has
/// no such figure, where the two share fewer than two blocks, and where both figures are lower bounds.
#[must_use]
pub fn within(
    raw: &Raw,
    (scenario, load): (&str, &str),
    a: &str,
    b: &str,
    metric: Metric,
) -> Option<Comparison> {
    let is_it = |cell: &&Cell| cell.scenario.name == scenario && cell.load.name == load;
    let cell = raw.run.cell.iter().find(is_it)?;
    let test = test(raw, cell, a, b, metric).filter(Test::says_something)?;
    let twins = twins(raw).any(|(twin, of)| (twin, of) == (a, b) || (twin, of) == (b, a));
    let floor = if twins { None } else { ln_floor(raw, cell, metric) };
    judge(&[(test, floor)]).pop()
}

/// The noise floor of a cell: how far apart a server and its twin are, as a ratio of at least 1.
///
/// Of several twins, the largest difference counts. The function returns `None` where the run has no twin, or no such
/// figure of it.
#[must_use]
pub fn floor(raw: &Raw, cell: &Cell, metric: Metric) -> Option<f64> {
    ln_floor(raw, cell, metric).map(f64::exp)
}

pub(super) fn ln_floor(raw: &Raw, cell: &Cell, metric: Metric) -> Option<f64> {
    twins(raw)
        .filter_map(|(twin, of)| test(raw, cell, twin, of, metric))
        .map(|test| test.ratio().ln.abs())
        .max_by(f64::total_cmp)
}

fn twins(raw: &Raw) -> impl Iterator<Item = (&str, &str)> {
    raw.run
        .server
        .iter()
        .filter_map(|server| Some((server.name.as_str(), server.twin_of.as_deref()?)))
}

pub(super) fn server<'a>(raw: &'a Raw, name: &str) -> Option<&'a RunServer> {
    raw.run.server.iter().find(|server| server.name == name)
}

fn test(raw: &Raw, cell: &Cell, a: &str, b: &str, metric: Metric) -> Option<Test> {
    let sample = |name| Sample::of(raw, server(raw, name)?, cell, metric);
    Test::paired(metric, &sample(a)?, &sample(b)?)
}

/// All pairs of some servers in one metric of one cell, tested together.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    /// The names of the servers, best first.
    order: Vec<String>,
    /// The comparisons, by the positions of a and b in the order, a before b.
    comparisons: BTreeMap<(usize, usize), Comparison>,
}

impl Pairs {
    /// Compares all pairs of the servers that have such a figure.
    ///
    /// The servers are ordered by the mean of the logarithms of their ratios to all others. So the order agrees with
    /// the comparisons; an order by the means would include what the host did to each server.
    #[must_use]
    pub fn of(raw: &Raw, cell: &Cell, servers: &[String], metric: Metric) -> Pairs {
        let floor = ln_floor(raw, cell, metric);
        let samples: Vec<(&str, Sample)> = servers
            .iter()
            .filter_map(|name| {
                Some((name.as_str(), Sample::of(raw, server(raw, name)?, cell, metric)?))
            })
            .collect();
        let test = |a: usize, b: usize| Test::paired(metric, &samples[a].1, &samples[b].1);
        let score = |a: usize| {
            let others = (0..samples.len()).filter(|b| *b != a).filter_map(|b| test(a, b));
            let logs: Vec<f64> = others.map(|test| test.ratio().ln).collect();
            let mean = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
            if metric.more_is_better() { -mean } else { mean }
        };
        let mut order: Vec<(f64, usize)> = (0..samples.len()).map(|a| (score(a), a)).collect();
        order.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let (places, tests): (Vec<_>, Vec<_>) = (0..order.len())
            .flat_map(|a| (a + 1..order.len()).map(move |b| (a, b)))
            .filter_map(|(a, b)| {
                let test = test(order[a].1, order[b].1).filter(Test::says_something)?;
                Some(((a, b), (test, floor)))
            })
            .unzip();
        Pairs {
            order: order.into_iter().map(|(_, place)| samples[place].0.to_owned()).collect(),
            comparisons: places.into_iter().zip(judge(&tests)).collect(),
        }
    }

    /// Each server with its tier, from 1, best first.
    ///
    /// A new tier begins only where every server above it is shown to be better than every server below it: two
    /// servers that the data do not distinguish always share a tier.
    #[must_use]
    pub fn tiers(&self) -> Vec<(&str, usize)> {
        let count = self.order.len();
        let is_better = |a, b| self.comparisons.get(&(a, b)).is_some_and(Comparison::is_better);
        let begins = |below: usize| (0..below).all(|a| (below..count).all(|b| is_better(a, b)));
        let mut tier = 1;
        let tiers = self.order.iter().enumerate().map(|(place, name)| {
            tier += usize::from(place > 0 && begins(place));
            (name.as_str(), tier)
        });
        tiers.collect()
    }
}
