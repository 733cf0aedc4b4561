//! Comparisons between two runs: cell by cell, in two sittings.

use super::side::{Side, Test};
use super::within::{ln_floor, server};
use super::{Comparison, judge};
use crate::definition::Role;
use crate::definition::cell::Cell;
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::measure::block::Metric;
use crate::stats::Estimate;

/// One metric of a cell that both runs planned.
#[derive(Clone, Debug)]
pub struct CellComparison {
    /// Which server.
    pub server: String,
    /// Which scenario.
    pub scenario: String,
    /// Which load.
    pub load: String,
    /// What is compared.
    pub metric: Metric,
    /// In the first run, and whether it is a lower bound.
    pub a: Option<(Estimate, bool)>,
    /// In the second.
    pub b: Option<(Estimate, bool)>,
    /// What became of it.
    pub change: Change,
}

/// What became of a figure from the first run to the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Both have it: the second over the first.
    Compared(Comparison),
    /// Both have it, and both are lower bounds: nothing is said.
    Bounds,
    /// Only the first has it.
    Lost,
    /// Only the second has it.
    Found,
}

impl Change {
    /// Whether the second run is shown to be worse: a figure that is lost is.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        match self {
            Change::Compared(comparison) => comparison.is_worse(),
            Change::Lost => true,
            Change::Bounds | Change::Found => false,
        }
    }

    /// Whether the runs are shown to differ.
    #[must_use]
    pub fn is_difference(&self) -> bool {
        match self {
            Change::Compared(comparison) => comparison.is_more() || comparison.is_less(),
            Change::Bounds => false,
            Change::Lost | Change::Found => true,
        }
    }
}

/// Every metric of every cell that both runs planned, `b` over `a`, in the order of `a`. All cells of a metric are
/// judged together. The noise floor is the farthest from 1 of three: either run's same server under two names,
/// and what became of ceilings of the same version. What did not change and moved is the sitting.
#[must_use]
pub fn between(a: &Raw, b: &Raw) -> Vec<CellComparison> {
    let mut found: Vec<((usize, usize), CellComparison)> = Vec::new();
    for metric in Metric::ALL {
        let pairs = pairs(a, b, metric);
        let tests: Vec<_> = pairs.iter().filter_map(|pair| pair.test).collect();
        let mut judged = judge(&tests).into_iter();
        for pair in pairs {
            let change = match (pair.test, &pair.a, &pair.b) {
                (Some(_), ..) => judged.next().map(Change::Compared),
                (None, Some(_), Some(_)) => Some(Change::Bounds),
                (None, _, None) => Some(Change::Lost),
                (None, None, _) => Some(Change::Found),
            };
            let matched = CellComparison {
                server: pair.server.to_owned(),
                scenario: pair.cell.scenario.name.clone(),
                load: pair.cell.load.name.clone(),
                metric,
                a: figure(pair.a.as_ref(), metric),
                b: figure(pair.b.as_ref(), metric),
                change: change.expect("each test was judged"),
            };
            found.push((pair.place, matched));
        }
    }
    // The sort is stable: metrics stay in their order.
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, matched)| matched).collect()
}

/// What two runs say of a cell before it is known what else is compared: at least one of them something.
struct Pair<'a> {
    /// Of the server and of the cell, in the first run.
    place: (usize, usize),
    server: &'a str,
    cell: &'a Cell,
    a: Option<Side>,
    b: Option<Side>,
    /// With its floor; where both say something, and not two lower bounds.
    test: Option<(Test, Option<f64>)>,
}

fn pairs<'a>(a: &'a Raw, b: &Raw, metric: Metric) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for (cell_place, cell) in a.run.cell.iter().enumerate() {
        let Some(again) = same_cell(b, cell) else { continue };
        if !Metric::of_cell(cell).contains(&metric) {
            continue;
        }
        let floor = floor((a, cell), (b, again), metric);
        for (place, of_a) in a.run.server.iter().enumerate() {
            let of_b = server(b, &of_a.name).filter(|of_b| of_b.twin_of.is_none());
            let (None, Some(of_b)) = (&of_a.twin_of, of_b) else { continue };
            let side_a = Side::of(a, of_a, cell, metric);
            let side_b = Side::of(b, of_b, again, metric);
            let both = side_a.as_ref().zip(side_b.as_ref());
            let test = both.and_then(|(a, b)| Test::unpaired(metric, b, a));
            // Figures without a ratio, such as a CPU time of zero, have no row.
            if test.is_some() || side_a.is_some() != side_b.is_some() {
                let test = test.filter(Test::says_something);
                pairs.push(Pair {
                    place: (place, cell_place),
                    server: &of_a.name,
                    cell,
                    a: side_a,
                    b: side_b,
                    test: test.map(|test| (test, floor)),
                });
            }
        }
    }
    pairs
}

pub(super) fn same_cell<'a>(raw: &'a Raw, wanted: &Cell) -> Option<&'a Cell> {
    raw.run.cell.iter().find(|cell| {
        (&cell.scenario.name, &cell.load.name) == (&wanted.scenario.name, &wanted.load.name)
    })
}

fn figure(side: Option<&Side>, metric: Metric) -> Option<(Estimate, bool)> {
    let side = side?;
    side.blocks.estimate(metric).map(|estimate| (estimate, side.is_bound(metric)))
}

/// The logarithm of the farthest ratio of what is the same in both runs.
fn floor(a: (&Raw, &Cell), b: (&Raw, &Cell), metric: Metric) -> Option<f64> {
    let ceilings = a.0.run.server.iter().filter_map(|ceiling| {
        let again = server(b.0, &ceiling.name)?;
        let same = ceiling.role == Role::Ceiling
            && version(a.0, &ceiling.name)? == version(b.0, &ceiling.name)?;
        let side_a = Side::of(a.0, ceiling, a.1, metric)?;
        let side_b = Side::of(b.0, again, b.1, metric)?;
        let test = same.then(|| Test::unpaired(metric, &side_b, &side_a)).flatten()?;
        Some(test.ratio().ln.abs())
    });
    let twins = [ln_floor(a.0, a.1, metric), ln_floor(b.0, b.1, metric)];
    ceilings.chain(twins.into_iter().flatten()).max_by(f64::total_cmp)
}

fn version<'a>(raw: &'a Raw, name: &str) -> Option<&'a str> {
    raw.entries.iter().find_map(|entry| match entry {
        Entry::Verified { server, version, .. } if server == name => Some(version.as_str()),
        _ => None,
    })
}
