//! What was counted, beside what was measured.

use serde::Serialize;

use crate::format::counts::Counts;
use crate::format::folder::Raw;
use crate::measure::counted::{self, CountFigures};
use crate::stats::Estimate;

use super::number::with_interval;
use super::table::Table;

/// What a count holds, for the sentences beneath a ranking.
pub(super) const LEGEND: &str = "Instructions: what a request executes in user space, as valgrind's callgrind counts it over \
     starts of the server, with one user and one worker thread. CPU time holds more: the kernel's work, waiting for \
     memory, and threads that hinder each other.";

/// What a count holds and what it does not, for readers of counts alone.
pub const MEANING: &str = "Instructions and allocations are those of user space, as valgrind's callgrind counts them with one \
     user and one worker thread, over starts of the server; ±: 95% intervals. The kernel's work is not in them, nor waiting \
     for memory, nor what threads cost that run at the same time.";

/// What a server was counted to execute in a scenario of a run; absent if it was not counted.
pub(super) fn figures(raw: &Raw, server: &str, scenario: &str) -> Option<CountFigures> {
    counted::figures(raw.counts.as_ref()?.of(server, scenario)?)
}

/// Counts as rows, in their order, and then the servers that were not counted.
#[must_use]
pub fn table(counts: &Counts) -> Table {
    let mut table = Table::new(&[
        "server",
        "scenario",
        "instructions/req",
        "allocations/req",
        "requests",
        "starts",
        "notes",
    ]);
    let dash = || "–".to_owned();
    for one in &counts.counted {
        let figures = counted::figures(one);
        let text = |of: fn(&CountFigures) -> &Estimate| {
            figures.as_ref().map_or_else(dash, |figures| with_interval(of(figures)))
        };
        let note =
            if counted::is_settled(one) { "" } else { "its starts differ: interval above 1%" };
        table.row(vec![
            one.server.clone(),
            one.scenario.clone(),
            text(|figures| &figures.instructions),
            text(|figures| &figures.allocations),
            counted::requests(one).to_string(),
            one.starts.len().to_string(),
            note.to_owned(),
        ]);
    }
    for not in &counts.not_counted {
        let mut row = vec![not.server.clone()];
        row.extend(std::iter::repeat_with(dash).take(5));
        row.push(format!("not counted: {}", not.reason));
        table.row(row);
    }
    table
}

/// Counts and their figures, for programs.
///
/// # Errors
/// When they cannot be encoded.
pub fn json(counts: &Counts) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Row<'a> {
        server: &'a str,
        scenario: &'a str,
        instructions_per_req: Option<Estimate>,
        allocations_per_req: Option<Estimate>,
        requests: u64,
        starts: usize,
        settled: bool,
    }
    #[derive(Serialize)]
    struct Export<'a> {
        figures: Vec<Row<'a>>,
        raw: &'a Counts,
    }
    let rows = counts.counted.iter().map(|one| {
        let figures = counted::figures(one);
        Row {
            server: &one.server,
            scenario: &one.scenario,
            instructions_per_req: figures.map(|figures| figures.instructions),
            allocations_per_req: figures.map(|figures| figures.allocations),
            requests: counted::requests(one),
            starts: one.starts.len(),
            settled: counted::is_settled(one),
        }
    });
    let export = Export { figures: rows.collect(), raw: counts };
    Ok(serde_json::to_string_pretty(&export)? + "\n")
}
