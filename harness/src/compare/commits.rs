//! The comparison of two commits within a run that measured both, server by server.

use super::between::{CellComparison, Change, figure};
use super::judge;
use super::noise::Noise;
use super::sample::Sample;
use super::test::Test;
use crate::definition::Side;
use crate::definition::cell::Cell;
use crate::definition::server::RunServer;
use crate::format::folder::Raw;
use crate::measure::block::Metric;

/// Compares every metric of every server of two commits in every cell, head over base, in the order of the run's servers.
/// The list is empty for a run that measured no two commits.
///
/// The values are paired by block, and allow for the noise that the twins of both commits show. All comparisons are
/// tested together, whatever the metric: of changes that do nothing, at most one in twenty is then called different
/// in anything.
#[must_use]
pub fn commits(raw: &Raw) -> Vec<CellComparison> {
    let mut found: Vec<Found> = Vec::new();
    for (base, head) in pairs(raw) {
        for cell in raw.run.cell.iter().filter(|cell| raw.run.has(base, cell)) {
            let metrics = Metric::of_cell(cell).iter();
            found.extend(metrics.filter_map(|metric| Found::of(raw, (base, head), cell, *metric)));
        }
    }
    let tests: Vec<_> = found.iter().filter_map(|one| one.test).collect();
    let mut judged = judge(&tests).into_iter();
    let compared = found.into_iter().map(|one| {
        let change = match (one.test, &one.base, &one.head) {
            (Some(_), ..) => judged.next().map(Change::Compared),
            (None, Some(_), Some(_)) => Some(Change::Bounds),
            (None, _, None) => Some(Change::Lost),
            (None, None, _) => Some(Change::Found),
        };
        CellComparison {
            server: one.server.to_owned(),
            scenario: one.cell.scenario.name.clone(),
            load: one.cell.load.name.clone(),
            metric: one.metric,
            a: figure(one.base.as_ref(), one.metric),
            b: figure(one.head.as_ref(), one.metric),
            change: change.expect("each test was judged"),
        }
    });
    compared.collect()
}

/// Each server as both commits have it, base first.
fn pairs(raw: &Raw) -> impl Iterator<Item = (&RunServer, &RunServer)> {
    let of = |side: Side| {
        let servers = raw.run.server.iter();
        servers.filter(move |one| one.side() == Some(side) && one.twin_of.is_none())
    };
    of(Side::Base).filter_map(move |base| {
        let head = of(Side::Head).find(|head| head.name_of_both() == base.name_of_both())?;
        Some((base, head))
    })
}

/// The figures of one server in one cell, of which at least one commit has one.
struct Found<'a> {
    server: &'a str,
    cell: &'a Cell,
    metric: Metric,
    base: Option<Sample>,
    head: Option<Sample>,
    /// The test and its noise floor; absent where a commit has no figure, and where both are lower bounds.
    test: Option<(Test, Option<f64>)>,
}

impl<'a> Found<'a> {
    fn of(
        raw: &Raw,
        (base, head): (&'a RunServer, &RunServer),
        cell: &'a Cell,
        metric: Metric,
    ) -> Option<Found<'a>> {
        let server = base.name_of_both();
        let sample = |server| Sample::of(raw, server, cell, metric);
        let (of_base, of_head) = (sample(base), sample(head));
        let both = of_base.as_ref().zip(of_head.as_ref());
        let test = both.and_then(|(base, head)| Test::paired(metric, head, base));
        // Figures that allow no ratio, such as a CPU time of zero, have no row.
        (test.is_some() || of_base.is_some() != of_head.is_some()).then(|| {
            let noise = Noise::of(raw, cell, metric);
            let test = test.filter(Test::says_something).map(|test| noise.allowed_for(test));
            Found { server, cell, metric, base: of_base, head: of_head, test }
        })
    }
}
