//! What two commits were counted to execute, side by side.

use serde::Serialize;

use super::number::{self, with_interval};
use super::pairs::probability;
use super::table::{Paint, Table};
use crate::compare::CountChange;
use crate::format::counts::Counts;
use crate::stats::Estimate;

/// The index of the last column.
const VERDICT: usize = 8;

/// A row for each server and scenario, and one for each server that was not counted.
#[must_use]
pub fn table(changes: &[CountChange], counts: &Counts) -> Table {
    let mut table = Table::new(&[
        "server",
        "scenario",
        "instructions/req base",
        "instructions/req head",
        "head ÷ base",
        "p",
        "allocations/req base",
        "allocations/req head",
        "verdict",
    ]);
    for one in changes {
        table.row(vec![
            one.server.clone(),
            one.scenario.clone(),
            with_interval(&one.base.instructions),
            with_interval(&one.head.instructions),
            number::ratio(&one.ratio),
            probability(one.p_value),
            with_interval(&one.base.allocations),
            with_interval(&one.head.allocations),
            verdict(one).to_owned(),
        ]);
        if one.is_difference(0.0) {
            table.paint(VERDICT, if one.is_regression(0.0) { Paint::Worse } else { Paint::Best });
        }
    }
    for not in &counts.not_counted {
        let mut row = vec![not.server.clone()];
        row.extend(std::iter::repeat_with(|| "–".to_owned()).take(VERDICT - 1));
        row.push(format!("not counted: {}", not.reason));
        table.row(row);
    }
    table
}

fn verdict(one: &CountChange) -> &'static str {
    match (one.is_difference(0.0), one.is_regression(0.0)) {
        (_, true) => "more",
        (true, false) => "fewer",
        (false, false) => "undecided",
    }
}

/// One comparison in words.
#[must_use]
pub fn named(one: &CountChange) -> String {
    let CountChange { server, scenario, ratio, .. } = one;
    format!(
        "{server}, {scenario}: instructions {}, {} times base",
        verdict(one),
        number::ratio(ratio)
    )
}

/// The comparisons for programs.
///
/// # Errors
/// When they cannot be encoded.
pub fn json(changes: &[CountChange], counts: &Counts) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Row<'a> {
        server: &'a str,
        scenario: &'a str,
        base_instructions_per_req: Estimate,
        head_instructions_per_req: Estimate,
        base_allocations_per_req: Estimate,
        head_allocations_per_req: Estimate,
        ratio: Estimate,
        p: f64,
        verdict: &'static str,
    }
    #[derive(Serialize)]
    struct Export<'a> {
        changes: Vec<Row<'a>>,
        raw: &'a Counts,
    }
    let changes = changes.iter().map(|one| Row {
        server: &one.server,
        scenario: &one.scenario,
        base_instructions_per_req: one.base.instructions,
        head_instructions_per_req: one.head.instructions,
        base_allocations_per_req: one.base.allocations,
        head_allocations_per_req: one.head.allocations,
        ratio: one.ratio,
        p: one.p_value,
        verdict: verdict(one),
    });
    let export = Export { changes: changes.collect(), raw: counts };
    Ok(serde_json::to_string_pretty(&export)? + "\n")
}
