//! `stackmark cmp`: compares two runs, cell by cell.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::bail;
use regex::Regex;

use crate::args::{self, FailOn};
use crate::compare::{CellComparison, Change, Comparison, Verdict, between, differences};
use crate::definition::Filter;
use crate::definition::select;
use crate::format::folder::{self, Raw};
use crate::report::change_table::{figure, ratio, verdict};
use crate::report::number::percent;
use crate::report::table::Format;
use crate::report::table::{self, Paint, Table};

/// The number of differences that a message names.
const NAMED: usize = 3;

/// The index of the last column.
const VERDICT: usize = 8;

/// Runs the verb.
///
/// # Errors
/// When a run cannot be read, when the runs are not comparable or share no cell or figure, or when a filter matches nothing.
pub fn run(args: &args::Cmp) -> anyhow::Result<ExitCode> {
    let (a, b) = (folder::read(&args.a)?, folder::read(&args.b)?);
    let differing = named(&differences(&a, &b));
    if let Some(differing) = &differing
        && !args.force
    {
        bail!(
            "the runs differ in {differing}, so their ratios say nothing about the servers; compare them anyway with --force"
        );
    }
    // The filter is applied after the comparison, since the cells of a metric are tested together.
    let all = between(&a, &b);
    if all.is_empty() && share_a_cell(&a, &b) {
        bail!("the runs have no figure in common; run `stackmark rank` on each to see why");
    }
    if all.is_empty() {
        bail!(
            "the runs share no server in a scenario under the same load; nothing can be compared"
        );
    }
    let cells = filtered(all, &args.filter)?;
    let shown: Vec<&CellComparison> =
        cells.iter().filter(|cell| args.all || cell.change.is_difference()).collect();
    let table = tabulated(&shown);
    if let Some(differing) = differing {
        eprintln!("stackmark: warning: the runs differ in {differing}");
    }
    if args.format == Format::Table {
        let rows = if shown.is_empty() { String::new() } else { table.render(Format::Table)? };
        table::print(&format!(
            "{} against {}\n{rows}{}\n",
            b.name,
            a.name,
            summary(&a, &b, &cells)
        ))?;
    } else {
        table.print(args.format)?;
    }
    let fails = |cell: &CellComparison| match args.fail_on {
        Some(FailOn::Regression) => cell.change.is_regression(),
        Some(FailOn::Difference) => cell.change.is_difference(),
        None => false,
    };
    Ok(if cells.iter().any(fails) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The first few of `differences`, and the number of the others; `None` where there are none.
fn named(differences: &[String]) -> Option<String> {
    let more = match differences.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let first = differences.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    (!differences.is_empty()).then(|| first + &more)
}

/// Whether both runs planned a cell of the same server, measured or not.
fn share_a_cell(a: &Raw, b: &Raw) -> bool {
    let cells = |raw: &Raw| -> BTreeSet<(String, String, String)> {
        let servers = raw.run.server.iter().filter(|server| server.twin_of.is_none());
        let cells = servers.flat_map(|server| {
            let cells = raw.run.cell.iter().filter(|cell| raw.run.has(server, cell));
            cells.map(|cell| {
                (server.name.clone(), cell.scenario.name.clone(), cell.load.name.clone())
            })
        });
        cells.collect()
    };
    !cells(a).is_disjoint(&cells(b))
}

fn filtered(cells: Vec<CellComparison>, filter: &Filter) -> anyhow::Result<Vec<CellComparison>> {
    let servers = kept("server", &cells, &filter.servers, |cell| &cell.server)?;
    let scenarios = kept("scenario", &cells, &filter.scenarios, |cell| &cell.scenario)?;
    let loads = kept("load", &cells, &filter.loads, |cell| &cell.load)?;
    let is_kept = |cell: &CellComparison| {
        servers.contains(&cell.server)
            && scenarios.contains(&cell.scenario)
            && loads.contains(&cell.load)
    };
    let kept: Vec<CellComparison> = cells.into_iter().filter(is_kept).collect();
    if kept.is_empty() {
        bail!("no cell of both runs matches all filters; use wider ones");
    }
    Ok(kept)
}

/// The names that match a filter.
fn kept(
    kind: &'static str,
    cells: &[CellComparison],
    patterns: &[Regex],
    name: impl Fn(&CellComparison) -> &String,
) -> anyhow::Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for cell in cells {
        if !names.contains(name(cell)) {
            names.push(name(cell).clone());
        }
    }
    Ok(select(kind, &names, patterns, |name| name)?.into_iter().cloned().collect())
}

fn tabulated(cells: &[&CellComparison]) -> Table {
    let mut table =
        Table::new(&["server", "scenario", "load", "metric", "A", "B", "B/A", "floor", "verdict"]);
    let dash = || "–".to_owned();
    for cell in cells {
        let floor = cell.compared().and_then(|comparison| comparison.floor);
        table.row(vec![
            cell.server.clone(),
            cell.scenario.clone(),
            cell.load.clone(),
            cell.metric.name().to_owned(),
            figure(cell.metric, cell.a),
            figure(cell.metric, cell.b),
            ratio(cell).unwrap_or_else(dash),
            floor.map_or_else(dash, percent),
            verdict(&cell.change, ["A", "B"]),
        ]);
        if cell.change.is_regression() {
            table.paint(VERDICT, Paint::Worse);
        } else if cell.change.is_difference() {
            table.paint(VERDICT, Paint::Best);
        }
    }
    table
}

/// The number of cells of each kind, and the meaning of the words.
fn summary(a: &Raw, b: &Raw, cells: &[CellComparison]) -> String {
    let count = |is: &dyn Fn(&Comparison) -> bool| {
        cells.iter().filter(|cell| matches!(&cell.change, Change::Compared(c) if is(c))).count()
    };
    let of = |wanted: Verdict| count(&|comparison| comparison.verdict == wanted);
    let bounds = cells.iter().filter(|cell| cell.change == Change::Bounds).count();
    let lost_or_found =
        |cell: &&CellComparison| matches!(cell.change, Change::Lost | Change::Found);
    let one_only = cells.iter().filter(lost_or_found).count();
    let mut text = format!("{} different", of(Verdict::Different));
    if of(Verdict::Different) > 0 {
        let (better, worse) = (count(&Comparison::is_better), count(&Comparison::is_worse));
        text += &format!(" ({better} better, {worse} worse)");
    }
    for (number, what) in [
        (of(Verdict::Equivalent), "equivalent"),
        (of(Verdict::Undecided), "undecided"),
        (bounds, "with both lower bounds"),
        (one_only, "in one run only"),
    ] {
        if number > 0 {
            text += &format!(", {number} {what}");
        }
    }
    text += &format!(
        " of {}. ± and (–): 95% intervals; blocks of two runs are not paired. Equivalent: within 3%. \
         Floor: the difference between what did not change.",
        cells.len()
    );
    for (these, others, name) in [(a, b, "A"), (b, a, "B")] {
        let is_other = |name: &str| !others.run.server.iter().any(|other| other.name == name);
        let names = these.run.server.iter().map(|server| server.name.as_str());
        let only: Vec<&str> = names.filter(|name| is_other(name)).collect();
        if !only.is_empty() {
            text += &format!("\nOnly in {name}: {}.", only.join(", "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::block::Metric;
    use crate::stats::Estimate;

    fn matched(server: &str, load: &str, a: (f64, bool), b: (f64, bool)) -> CellComparison {
        let estimate = |mean: f64| Estimate { mean, lo: 0.9 * mean, hi: 1.1 * mean, count: 8 };
        let comparison = Comparison {
            metric: Metric::Goodput,
            ratio: estimate(b.0 / a.0),
            standard_error: 0.05,
            freedom: 7.0,
            p_value: 0.5,
            floor: None,
            verdict: Verdict::Undecided,
        };
        CellComparison {
            server: server.into(),
            scenario: "demo".into(),
            load: load.into(),
            metric: Metric::Goodput,
            a: Some((estimate(a.0), a.1)),
            b: Some((estimate(b.0), b.1)),
            change: Change::Compared(comparison),
        }
    }

    #[test]
    fn a_ratio_of_a_bound_is_no_exact_one() {
        let ratio = |a, b| {
            let cell = matched("s", "l", (100.0, a), (200.0, b));
            tabulated(&[&cell]).rows()[0][6].clone()
        };
        assert_eq!(ratio(false, false), "2.00 (1.80–2.20)");
        assert_eq!(ratio(true, false), "≤ 2.00 (1.80–2.20)");
        assert_eq!(ratio(false, true), "≥ 2.00 (1.80–2.20)");
    }

    #[test]
    fn filters_that_match_each_but_not_together_are_told() {
        let of = |server, load| matched(server, load, (1.0, false), (1.0, false));
        let cells = || vec![of("one", "closed"), of("other", "open")];
        let filter = |server: &str, load: &str| Filter {
            servers: vec![Regex::new(server).unwrap()],
            loads: vec![Regex::new(load).unwrap()],
            ..Filter::default()
        };
        assert_eq!(filtered(cells(), &filter("one", "closed")).unwrap().len(), 1);
        let error = filtered(cells(), &filter("one", "open")).unwrap_err();
        assert_eq!(error.to_string(), "no cell of both runs matches all filters; use wider ones");
    }
}
