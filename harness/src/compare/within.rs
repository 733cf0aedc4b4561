//! Comparisons within a run: its blocks pair them.

use std::collections::BTreeMap;

use super::side::{Side, Test};
use super::{Comparison, judge};
use crate::format::folder::Raw;
use crate::format::run::RunServer;
use crate::measure::block::Metric;
use crate::plan::Cell;

/// `metric` of server `a` over that of server `b`, alone: corrected for no other comparison. Absent where either
/// has no such figure, or they share fewer than two blocks. The run's noise floor counts, but for the pair that shows it.
#[must_use]
pub fn within(raw: &Raw, cell: &Cell, a: &str, b: &str, metric: Metric) -> Option<Comparison> {
    let test = test(raw, cell, a, b, metric)?;
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
    order: Vec<String>,
    /// By the places of a and b in the order, a before b.
    comparisons: BTreeMap<(usize, usize), Comparison>,
}

impl Pairs {
    /// Of `order`'s servers, best first by their estimates.
    #[must_use]
    pub fn of(raw: &Raw, cell: &Cell, order: &[&str], metric: Metric) -> Pairs {
        let floor = ln_floor(raw, cell, metric);
        let sides: Vec<Option<Side>> =
            order.iter().map(|name| Side::of(raw, server(raw, name)?, cell, metric)).collect();
        let mut places = Vec::new();
        let mut tests = Vec::new();
        for (a, of_a) in sides.iter().enumerate() {
            for (b, of_b) in sides.iter().enumerate().skip(a + 1) {
                let (Some(of_a), Some(of_b)) = (of_a, of_b) else { continue };
                if let Some(test) = Test::paired(metric, of_a, of_b) {
                    places.push((a, b));
                    tests.push((test, floor));
                }
            }
        }
        Pairs {
            order: order.iter().map(ToString::to_string).collect(),
            comparisons: places.into_iter().zip(judge(&tests)).collect(),
        }
    }

    /// Each server with its tier, from 1, in order. A new tier begins only where every server above is shown to be
    /// better than every server below: two that the data cannot tell apart always share one.
    #[must_use]
    pub fn tiers(&self) -> Vec<(&str, usize)> {
        let mut tier = 1;
        let count = self.order.len();
        let tiers = self.order.iter().enumerate().map(|(below, name)| {
            let apart = |(a, b)| self.comparisons.get(&(a, b)).is_some_and(Comparison::is_better);
            if below > 0 && (0..below).all(|a| (below..count).all(|b| apart((a, b)))) {
                tier += 1;
            }
            (name.as_str(), tier)
        });
        tiers.collect()
    }
}
