//! Comparisons within a run: its blocks pair them.

use std::collections::BTreeMap;

use super::side::{Side, Test};
use super::{Comparison, judge};
use crate::definition::cell::Cell;
use crate::definition::server::RunServer;
use crate::format::folder::Raw;
use crate::measure::block::Metric;

/// `metric` of server `a` over that of server `b` under a scenario and a load, alone: corrected for no other
/// comparison. The run's noise floor counts, but for the pair that shows it. Absent where either has no such figure,
/// where they share fewer than two blocks, and of two lower bounds.
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

/// How far apart the same server under two names was, as a ratio of at least 1: the farthest of several such
/// pairs. Absent where the run has none, or no such figure of it.
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
    let side = |name| Side::of(raw, server(raw, name)?, cell, metric);
    Test::paired(metric, &side(a)?, &side(b)?)
}

/// All pairs of some servers in one metric of one cell, judged together.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    /// Best first.
    order: Vec<String>,
    /// By the places of a and b in the order, a before b.
    comparisons: BTreeMap<(usize, usize), Comparison>,
}

impl Pairs {
    /// Of the servers that have such a figure. They are ordered by the mean of the logarithms of their ratios to all:
    /// as the comparisons have it, and not as the means do, which hold what the host did to each.
    #[must_use]
    pub fn of(raw: &Raw, cell: &Cell, servers: &[String], metric: Metric) -> Pairs {
        let floor = ln_floor(raw, cell, metric);
        let sides: Vec<(&str, Side)> = servers
            .iter()
            .filter_map(|name| {
                Some((name.as_str(), Side::of(raw, server(raw, name)?, cell, metric)?))
            })
            .collect();
        let test = |a: usize, b: usize| Test::paired(metric, &sides[a].1, &sides[b].1);
        let score = |a: usize| {
            let others = (0..sides.len()).filter(|b| *b != a).filter_map(|b| test(a, b));
            let logs: Vec<f64> = others.map(|test| test.ratio().ln).collect();
            let mean = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
            if metric.more_is_better() { -mean } else { mean }
        };
        let mut order: Vec<(f64, usize)> = (0..sides.len()).map(|a| (score(a), a)).collect();
        order.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let (places, tests): (Vec<_>, Vec<_>) = (0..order.len())
            .flat_map(|a| (a + 1..order.len()).map(move |b| (a, b)))
            .filter_map(|(a, b)| {
                let test = test(order[a].1, order[b].1).filter(Test::says_something)?;
                Some(((a, b), (test, floor)))
            })
            .unzip();
        Pairs {
            order: order.into_iter().map(|(_, place)| sides[place].0.to_owned()).collect(),
            comparisons: places.into_iter().zip(judge(&tests)).collect(),
        }
    }

    /// Each server with its tier, from 1, best first. A new tier begins only where every server above is shown to
    /// be better than every server below: two that the data cannot tell apart always share one.
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
