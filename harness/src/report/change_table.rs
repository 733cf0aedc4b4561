//! Comparisons of cells as text: between two commits, and the words that they share with those between two runs.

use crate::compare::{CellComparison, Change, Comparison, Verdict};
use crate::measure::block::Metric;
use crate::stats::Estimate;

use super::metric_name::short;
use super::number::{self, with_ends, with_interval};
use super::pairs::{NOT_COMPARED, probability};
use super::table::{Paint, Table};

/// What must be known to read the table.
pub(super) const LEGEND: &str = "Ratios are head over base, paired by block: both are servers of one interleaved run. ± and \
    (–): 95% intervals over blocks; ≥: a lower bound. p: by Holm's correction over all rows. Equivalent: \
    within 3%. Two lower bounds are not compared, nor what was not measured.";

/// The index of the last column.
const VERDICT: usize = 7;

/// A row for each figure of a server of two commits.
#[must_use]
pub fn table(changes: &[CellComparison]) -> Table {
    let mut table = Table::new(&[
        "server",
        "scenario × load",
        "figure",
        "base",
        "head",
        "head ÷ base",
        "p",
        "verdict",
    ]);
    let dash = || "–".to_owned();
    for one in changes {
        table.row(vec![
            one.server.clone(),
            format!("{} × {}", one.scenario, one.load),
            one.metric.name().to_owned(),
            figure(one.metric, one.a),
            figure(one.metric, one.b),
            ratio(one).unwrap_or_else(dash),
            one.compared().map_or_else(dash, |comparison| probability(comparison.p_value)),
            of_commits(&one.change),
        ]);
        if one.change.is_regression() {
            table.paint(VERDICT, Paint::Worse);
        } else if one.change.is_difference() {
            table.paint(VERDICT, Paint::Best);
        }
    }
    table
}

/// A figure with its interval; a dash where there is none.
#[must_use]
pub fn figure(metric: Metric, figure: Option<(Estimate, bool)>) -> String {
    let Some((estimate, is_bound)) = figure else { return "–".into() };
    let text = match metric {
        Metric::Goodput | Metric::ServerCpu | Metric::DatabaseCpu => with_interval(&estimate),
        Metric::P50 | Metric::P99 => with_ends(&estimate),
    };
    format!("{}{text}", if is_bound { "≥ " } else { "" })
}

/// The second figure over the first, with its interval; absent where they are not compared.
#[must_use]
pub fn ratio(cell: &CellComparison) -> Option<String> {
    let comparison = cell.compared()?;
    let is_bound = |side: Option<(Estimate, bool)>| side.is_some_and(|(_, is)| is);
    number::quotient(&number::ratio(&comparison.ratio), is_bound(cell.b), is_bound(cell.a))
}

/// The verdict, where the two figures are called by `names`.
#[must_use]
pub fn verdict(change: &Change, [a, b]: [&str; 2]) -> String {
    match change {
        Change::Compared(comparison) if comparison.is_better() => "better".into(),
        Change::Compared(comparison) if comparison.is_worse() => "worse".into(),
        Change::Compared(comparison) => comparison.verdict.name().into(),
        Change::Bounds => "bounds".into(),
        Change::Nothing => NOT_COMPARED.into(),
        Change::Lost => format!("only in {a}"),
        Change::Found => format!("only in {b}"),
    }
}

/// The verdict on two commits.
fn of_commits(change: &Change) -> String {
    match change {
        Change::Bounds => NOT_COMPARED.into(),
        change => verdict(change, ["base", "head"]),
    }
}

/// The number of figures with each verdict, in a sentence.
pub(super) fn summary(changes: &[CellComparison]) -> String {
    let compared = || changes.iter().filter_map(CellComparison::compared);
    let with = |verdict: Verdict| compared().filter(|one| one.verdict == verdict).count();
    let count = |is: fn(&Comparison) -> bool| compared().filter(|one| is(one)).count();
    let of = |change: Change| changes.iter().filter(|one| one.change == change).count();
    if compared().next().is_none() {
        return "No figure could be compared.".to_owned();
    }
    let counts = [
        (count(Comparison::is_worse), "worse"),
        (count(Comparison::is_better), "better"),
        (with(Verdict::Equivalent), "equivalent (within 3%)"),
        (with(Verdict::Undecided), "undecided"),
        (of(Change::Bounds) + of(Change::Nothing), NOT_COMPARED),
        (of(Change::Lost), "only in base"),
        (of(Change::Found), "only in head"),
    ];
    let told = counts.iter().filter(|(number, _)| *number > 0);
    let told: Vec<String> = told.map(|(number, what)| format!("{number} {what}")).collect();
    let plural = if changes.len() == 1 { "" } else { "s" };
    format!("Of {} figure{plural}: {}.", changes.len(), told.join(", "))
}

/// The verdicts in words: a line for each server in each cell, and then how many there are of each.
#[must_use]
pub fn in_words(changes: &[CellComparison]) -> String {
    let place = |one: &CellComparison| (one.server.clone(), one.scenario.clone(), one.load.clone());
    let of_cells = changes.chunk_by(|one, next| place(one) == place(next));
    let lines = of_cells.map(|of_cell| {
        let (server, scenario, load) = place(&of_cell[0]);
        let told: Vec<String> = of_cell.iter().map(of_metric).collect();
        format!("{server}, {scenario} × {load}: {}\n", told.join("; "))
    });
    format!("{}{}\n{LEGEND}\n", lines.collect::<String>(), summary(changes))
}

/// One comparison in words, with its server and cell.
#[must_use]
pub fn named(one: &CellComparison) -> String {
    format!("{}, {} × {}: {}", one.server, one.scenario, one.load, of_metric(one))
}

fn of_metric(one: &CellComparison) -> String {
    let what = format!("{} {}", short(one.metric), of_commits(&one.change));
    match ratio(one) {
        Some(ratio) => format!("{what}, {ratio} times base"),
        None => what,
    }
}
