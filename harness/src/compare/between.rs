//! Comparisons between two runs, cell by cell.

use super::noise::ln_floor;
use super::sample::{Sample, server};
use super::test::Test;
use super::{Comparison, judge};
use crate::definition::Role;
use crate::definition::cell::Cell;
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::measure::block::Metric;
use crate::stats::Estimate;

/// The comparison of one metric of one server in a cell that both runs planned.
#[derive(Clone, Debug)]
pub struct CellComparison {
    /// The server's name.
    pub server: String,
    /// The scenario's name.
    pub scenario: String,
    /// The load's name.
    pub load: String,
    /// The metric that is compared.
    pub metric: Metric,
    /// The first run's estimate, and whether it is only a lower bound; absent where the first run has none.
    pub a: Option<(Estimate, bool)>,
    /// The second run's estimate, and whether it is only a lower bound; absent where the second run has none.
    pub b: Option<(Estimate, bool)>,
    /// How the second run's figure differs from the first's.
    pub change: Change,
}

impl CellComparison {
    /// The comparison, where there is one.
    #[must_use]
    pub fn compared(&self) -> Option<&Comparison> {
        match &self.change {
            Change::Compared(comparison) => Some(comparison),
            _ => None,
        }
    }
}

/// How a figure differs between the first run and the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Both runs have the figure. The ratio is the second run's over the first's.
    Compared(Comparison),
    /// Both runs have the figure, but each is only a lower bound, so they are not compared.
    Bounds,
    /// Neither has the figure, or what they have allows no ratio: a value of zero, or fewer than two blocks in common.
    Nothing,
    /// Only the first run has the figure.
    Lost,
    /// Only the second run has the figure.
    Found,
}

impl Change {
    /// Whether the second run is shown to be worse; a missing figure counts as worse.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        match self {
            Change::Compared(comparison) => comparison.is_worse(),
            Change::Lost => true,
            Change::Bounds | Change::Nothing | Change::Found => false,
        }
    }

    /// Whether the runs are shown to differ; a figure that only one run has counts as a difference.
    #[must_use]
    pub fn is_difference(&self) -> bool {
        match self {
            Change::Compared(comparison) => comparison.is_more() || comparison.is_less(),
            Change::Bounds | Change::Nothing => false,
            Change::Lost | Change::Found => true,
        }
    }
}

/// Compares every metric of every cell that both runs planned, `b` over `a`, in the order of `a`.
///
/// All cells of a metric are tested together. The noise floor is the largest of three differences between things that
/// did not change: that of either run's twins, however many there are, and that of ceilings whose version is the same in
/// both runs.
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
    // The sort is stable, so the metrics of a cell stay in their order.
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, matched)| matched).collect()
}

/// The figures of one server in one cell, of which at least one run has one.
struct Pair<'a> {
    /// The positions of the server and of the cell in the first run.
    place: (usize, usize),
    server: &'a str,
    cell: &'a Cell,
    a: Option<Sample>,
    b: Option<Sample>,
    /// The test and its noise floor; absent where a run has no figure, and where both figures are lower bounds.
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
            if !a.run.has(of_a, cell) || !b.run.has(of_b, again) {
                continue;
            }
            let sample_a = Sample::of(a, of_a, cell, metric);
            let sample_b = Sample::of(b, of_b, again, metric);
            let both = sample_a.as_ref().zip(sample_b.as_ref());
            let test = both.and_then(|(a, b)| Test::unpaired(metric, b, a));
            // Figures that allow no ratio, such as a CPU time of zero, have no row.
            if test.is_some() || sample_a.is_some() != sample_b.is_some() {
                let test = test.filter(Test::says_something);
                pairs.push(Pair {
                    place: (place, cell_place),
                    server: &of_a.name,
                    cell,
                    a: sample_a,
                    b: sample_b,
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

pub(super) fn figure(sample: Option<&Sample>, metric: Metric) -> Option<(Estimate, bool)> {
    let sample = sample?;
    sample.blocks.estimate(metric).map(|estimate| (estimate, sample.is_bound(metric)))
}

/// The noise floor between the runs, as a logarithm; absent where the runs hold nothing unchanged to compare.
fn floor(a: (&Raw, &Cell), b: (&Raw, &Cell), metric: Metric) -> Option<f64> {
    let ceilings = a.0.run.server.iter().filter_map(|ceiling| {
        let again = server(b.0, &ceiling.name)?;
        let same = ceiling.role == Role::Ceiling
            && version(a.0, &ceiling.name)? == version(b.0, &ceiling.name)?;
        let sample_a = Sample::of(a.0, ceiling, a.1, metric)?;
        let sample_b = Sample::of(b.0, again, b.1, metric)?;
        let test = same.then(|| Test::unpaired(metric, &sample_b, &sample_a)).flatten()?;
        Some(test.ratio.ln.abs())
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
