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
            found.extend(metrics.map(|metric| Found::of(raw, (base, head), cell, *metric)));
        }
    }
    let tests: Vec<_> = found.iter().filter_map(|one| one.test).collect();
    let mut judged = judge(&tests).into_iter();
    let compared = found.into_iter().map(|one| {
        let change = match (one.test, &one.base, &one.head) {
            (Some(_), ..) => judged.next().map(Change::Compared),
            (None, Some(base), Some(head))
                if base.is_bound(one.metric) && head.is_bound(one.metric) =>
            {
                Some(Change::Bounds)
            }
            (None, Some(_), None) => Some(Change::Lost),
            (None, None, Some(_)) => Some(Change::Found),
            (None, ..) => Some(Change::Nothing),
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

/// The figures of one server in one cell.
struct Found<'a> {
    server: &'a str,
    cell: &'a Cell,
    metric: Metric,
    base: Option<Sample>,
    head: Option<Sample>,
    /// The test and its noise floor; absent where there is no ratio, and where both figures are lower bounds.
    test: Option<(Test, Option<f64>)>,
}

impl<'a> Found<'a> {
    fn of(
        raw: &Raw,
        (base, head): (&'a RunServer, &RunServer),
        cell: &'a Cell,
        metric: Metric,
    ) -> Found<'a> {
        let sample = |server| Sample::of(raw, server, cell, metric);
        let (of_base, of_head) = (sample(base), sample(head));
        let both = of_base.as_ref().zip(of_head.as_ref());
        let test = both.and_then(|(base, head)| Test::paired(metric, head, base));
        let test = test.filter(Test::says_something);
        let test = test.map(|test| Noise::of(raw, cell, metric).allowed_for(test));
        let server = base.name_of_both();
        Found { server, cell, metric, base: of_base, head: of_head, test }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::journal::Entry;
    use crate::format::synthetic_run::{
        OTHER, SMALL, SyntheticServer, cell, of_commits, open_cell, run, run_under, synthetic,
    };
    use crate::units::Nanos;

    fn pair(names: [&'static str; 2]) -> [SyntheticServer; 2] {
        [synthetic(names[0], 50.0, SMALL), synthetic(names[1], 50.3, OTHER)]
    }

    fn p_of_a(raw: &Raw) -> f64 {
        let is_it = |one: &&CellComparison| {
            (one.server.as_str(), one.load.as_str(), one.metric)
                == ("a", "closed-64", Metric::ServerCpu)
        };
        let changes = commits(raw);
        let comparison = changes.iter().find(is_it).and_then(CellComparison::compared);
        comparison.expect("it was measured").p_value
    }

    #[test]
    fn everything_is_tested_together() {
        let one = of_commits(run(&pair(["a@base", "a@head"])));
        // Of each server, the CPU time under two loads and two percentiles: goodput is a bound on both sides.
        let servers: Vec<SyntheticServer> =
            [["a@base", "a@head"], ["b@base", "b@head"]].into_iter().flat_map(pair).collect();
        let cells = [cell(), open_cell("open-2000", 2_000.0)];
        let all = of_commits(run_under(&servers, &cells));
        let compared = commits(&all).iter().filter(|one| one.compared().is_some()).count();
        assert_eq!(compared, 8);
        let (alone, together) = (p_of_a(&one), p_of_a(&all));
        assert!(alone < 0.1 && (7.0..9.0).contains(&(together / alone)), "{alone}, {together}");
    }

    #[test]
    fn a_figure_that_neither_commit_has_is_told() {
        let mut raw = of_commits(run(&pair(["a@base", "a@head"])));
        for entry in &mut raw.entries {
            let Entry::Trial(trial) = entry else { panic!("the run has only trials") };
            // Readings that span half of the window only give no CPU time.
            trial.measured.resources.interval = Nanos(500_000_000);
        }
        let changes = commits(&raw);
        let told: Vec<_> = changes.iter().map(|one| (one.metric, one.change)).collect();
        assert_eq!(told, [(Metric::Goodput, Change::Bounds), (Metric::ServerCpu, Change::Nothing)]);
    }

    #[test]
    fn a_run_of_one_checkout_compares_no_commits() {
        assert!(commits(&run(&[synthetic("a@base", 50.0, SMALL)])).is_empty());
    }
}
