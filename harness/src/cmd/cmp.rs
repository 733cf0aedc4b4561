//! `stackmark cmp`: what became of each cell from one run to another.

use std::process::ExitCode;

use anyhow::bail;

use crate::args::{self, FailOn, Filter, Format};
use crate::compare::{Change, Matched, Verdict, between, unlike};
use crate::definition::select;
use crate::format::folder::{self, Raw};
use crate::report::number::{with_ends, with_interval};
use crate::report::table::{self, Table};
use crate::stats::Estimate;

/// How many of the things that differ are named.
const NAMED: usize = 3;

/// Runs the verb.
///
/// # Errors
/// When a run cannot be read, they are unlike, they share no cell, or a filter matches nothing.
pub fn run(args: &args::Cmp) -> anyhow::Result<ExitCode> {
    let (a, b) = (folder::read(&args.a)?, folder::read(&args.b)?);
    let unlike = unlike(&a, &b);
    if let Some(told) = told(&unlike) {
        if !args.force {
            bail!(
                "the runs are unlike in {told}, so their ratios say nothing of the servers; --force compares them"
            );
        }
        eprintln!("stackmark: warning: the runs are unlike in {told}");
    }
    // A filter shows less; what is judged together does not depend on it.
    let all = between(&a, &b);
    if all.is_empty() {
        bail!(
            "the runs share no server in a scenario under the same load; nothing can be compared"
        );
    }
    let cells = filtered(all, &args.filter)?;
    let shown: Vec<&Matched> =
        cells.iter().filter(|cell| args.all || cell.change.is_difference()).collect();
    let table = tabulated(&shown);
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
    let fails = |cell: &Matched| match args.fail_on {
        Some(FailOn::Regression) => cell.change.is_regression(),
        Some(FailOn::Difference) => cell.change.is_difference(),
        None => false,
    };
    Ok(if cells.iter().any(fails) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The first of what differs.
fn told(unlike: &[String]) -> Option<String> {
    let more = match unlike.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let first = unlike.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    (!unlike.is_empty()).then(|| first + &more)
}

fn filtered(cells: Vec<Matched>, filter: &Filter) -> anyhow::Result<Vec<Matched>> {
    let keep = select("server", &cells, &filter.servers, |cell| &cell.server)?;
    let keep = cloned(keep);
    let keep = cloned(select("scenario", &keep, &filter.scenarios, |cell| &cell.scenario)?);
    Ok(cloned(select("load", &keep, &filter.loads, |cell| &cell.load)?))
}

fn cloned(cells: Vec<&Matched>) -> Vec<Matched> {
    cells.into_iter().cloned().collect()
}

fn tabulated(cells: &[&Matched]) -> Table {
    let mut table = Table::new(&[
        "server", "scenario", "load", "metric", "A", "B", "B/A", "adjusted", "verdict",
    ]);
    for cell in cells {
        let (ratio, adjusted) = match &cell.change {
            Change::Compared(comparison) if comparison.verdict != Verdict::Bounds => {
                (with_ends(&comparison.ratio), comparison.adjustment.name())
            }
            _ => ("–".into(), "–"),
        };
        table.row(vec![
            cell.server.clone(),
            cell.scenario.clone(),
            cell.load.clone(),
            cell.metric.name().to_owned(),
            figure(cell.a),
            figure(cell.b),
            ratio,
            adjusted.to_owned(),
            verdict(&cell.change).to_owned(),
        ]);
    }
    table
}

fn figure(figure: Option<(Estimate, bool)>) -> String {
    let text = |(estimate, is_bound): (Estimate, bool)| {
        format!("{}{}", if is_bound { "≥ " } else { "" }, with_interval(&estimate))
    };
    figure.map_or_else(|| "–".into(), text)
}

fn verdict(change: &Change) -> &'static str {
    match change {
        Change::Compared(comparison) if comparison.is_better() => "better",
        Change::Compared(comparison) if comparison.is_worse() => "worse",
        Change::Compared(comparison) => comparison.verdict.name(),
        Change::Lost => "only in A",
        Change::Found => "only in B",
    }
}

/// How many of each, and what the words mean.
fn summary(a: &Raw, b: &Raw, cells: &[Matched]) -> String {
    let count = |wanted: Verdict| {
        let is =
            |cell: &&Matched| matches!(&cell.change, Change::Compared(c) if c.verdict == wanted);
        cells.iter().filter(is).count()
    };
    let lost = cells.iter().filter(|cell| !matches!(cell.change, Change::Compared(_))).count();
    let mut text = format!(
        "{} different, {} equivalent, {} undecided",
        count(Verdict::Different),
        count(Verdict::Equivalent),
        count(Verdict::Undecided)
    );
    for (number, what) in
        [(count(Verdict::Bounds), "with both lower bounds"), (lost, "in one run only")]
    {
        if number > 0 {
            text += &format!(", {number} {what}");
        }
    }
    text += &format!(" of {}.", cells.len());
    text +=
        " ± and (–): 95% intervals; blocks of two sittings are not paired. Equivalent: within 3%.";
    for (these, others, name) in [(a, b, "A"), (b, a, "B")] {
        let only: Vec<&str> = these
            .run
            .server
            .iter()
            .map(|server| server.name.as_str())
            .filter(|name| !others.run.server.iter().any(|other| other.name == *name))
            .collect();
        if !only.is_empty() {
            text += &format!("\nOnly in {name}: {}.", only.join(", "));
        }
    }
    text
}
