//! The value of a metric in each block: the data that comparisons pair.

use std::collections::BTreeMap;

use super::{BEYOND, is_lower_bound, is_open, per_answer, quantile, rounds, span, valid};
use crate::definition::cell::Cell;
use crate::format::folder::Raw;
use crate::format::journal::{Entry, Trial};
use crate::stats::{self, Estimate};

/// A figure by which servers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Right answers per second, under a closed load.
    Goodput,
    /// The server's CPU time per right answer, in microseconds.
    ServerCpu,
    /// The database's CPU time per right answer, in microseconds. No ranking compares by it: it tells what a server has its
    /// database do.
    DatabaseCpu,
    /// The median response time under an open load, in microseconds from due to the last byte.
    P50,
    /// The 99th percentile of the response time under an open load, in microseconds from due to the last byte.
    P99,
}

impl Metric {
    /// The metrics that servers are ranked by, in the order of their columns.
    pub const ALL: [Metric; 4] = [Metric::Goodput, Metric::ServerCpu, Metric::P50, Metric::P99];

    /// The metrics that are meaningful in `cell`.
    ///
    /// The goodput of an open load is the rate that it was given, and the percentiles of a closed load are determined
    /// by its users ÷ rate.
    #[must_use]
    pub fn of_cell(cell: &Cell) -> &'static [Metric] {
        if is_open(cell) {
            &[Metric::ServerCpu, Metric::P50, Metric::P99]
        } else {
            &[Metric::Goodput, Metric::ServerCpu]
        }
    }

    /// The name that headings use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Metric::Goodput => "goodput req/s",
            Metric::ServerCpu => "server CPU µs/req",
            Metric::DatabaseCpu => "database CPU µs/req",
            Metric::P50 => "p50 µs",
            Metric::P99 => "p99 µs",
        }
    }

    /// Whether a larger value is better.
    #[must_use]
    pub fn more_is_better(self) -> bool {
        self == Metric::Goodput
    }

    /// The value in one trial, by the formulas of [`super::Figures`].
    fn of(self, trial: &Trial) -> Option<f64> {
        let record = &trial.measured.record;
        match self {
            Metric::Goodput => Some(record.goodput()),
            Metric::ServerCpu => Some(per_answer(trial, trial.measured.resources.server)),
            Metric::DatabaseCpu => Some(per_answer(trial, trial.measured.resources.db?)),
            Metric::P50 => quantile(record, 0.5, BEYOND),
            Metric::P99 => quantile(record, 0.99, BEYOND),
        }
    }
}

/// The values of one metric for one server in one cell, block by block.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocks {
    /// The values in the metric's unit, by block number, from 1.
    pub values: BTreeMap<u32, f64>,
    /// Whether the server's goodput is only a lower bound.
    pub lower_bound: bool,
}

impl Blocks {
    /// Collects the values of the trials that [`super::Figures`] use.
    ///
    /// Returns `None` for fewer than two blocks, and where one of those trials lacks the figure: a block is never silently left out of a comparison. A
    /// trial whose readings of CPU time do not span its window has no server CPU; a warning tells of it.
    #[must_use]
    pub fn of(raw: &Raw, server: &str, cell: &Cell, metric: Metric) -> Option<Blocks> {
        let trials = rounds::pooled(&valid(&trials(raw, server, cell), cell, &raw.run.cpus));
        let trials: Vec<&Trial> = trials.iter().collect();
        if trials.len() < 2 {
            return None;
        }
        let having = match metric {
            Metric::ServerCpu | Metric::DatabaseCpu => span::whole(&trials),
            Metric::Goodput | Metric::P50 | Metric::P99 => trials.clone(),
        };
        let values: Option<BTreeMap<u32, f64>> =
            having.iter().map(|trial| Some((trial.block, value(trial, metric)?))).collect();
        Some(Blocks { values: values?, lower_bound: is_lower_bound(&trials, cell, &raw.run.cpus) })
    }

    /// The same estimate that [`super::Figures`] holds; of a percentile, however imprecise it is.
    #[must_use]
    pub fn estimate(&self, metric: Metric) -> Option<Estimate> {
        let values: Vec<f64> = self.values.values().copied().collect();
        match metric {
            Metric::Goodput | Metric::ServerCpu | Metric::DatabaseCpu => stats::mean(&values),
            Metric::P50 | Metric::P99 => stats::geometric_mean(&values),
        }
    }
}

fn value(trial: &Trial, metric: Metric) -> Option<f64> {
    let answered = trial.measured.record.right_in_window > 0;
    answered.then(|| metric.of(trial)).flatten()
}

/// All completed trials of a server in a cell.
fn trials<'a>(raw: &'a Raw, server: &str, cell: &Cell) -> Vec<&'a Trial> {
    let wanted = (server, cell.scenario.name.as_str(), cell.load.name.as_str());
    let trials = raw.entries.iter().filter_map(|entry| match entry {
        Entry::Trial(trial) => Some(&**trial),
        _ => None,
    });
    trials
        .filter(|trial| {
            (trial.server.as_str(), trial.scenario.as_str(), trial.load.as_str()) == wanted
        })
        .collect()
}
