//! A figure block by block: what comparisons pair.

use std::collections::BTreeMap;

use super::{Figures, is_open, per_answer, quantile, valid};
use crate::format::folder::Raw;
use crate::format::journal::{Entry, Trial};
use crate::plan::Cell;
use crate::stats::Estimate;

/// A figure that servers are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Right answers per second; of a closed load.
    Goodput,
    /// The server's CPU time per right answer, in microseconds.
    ServerCpu,
    /// Of an open load: microseconds from due to the last byte that half of the requests do not exceed.
    P50,
    /// Likewise 99 in 100.
    P99,
}

impl Metric {
    /// All of them, in the order of their columns.
    pub const ALL: [Metric; 4] = [Metric::Goodput, Metric::ServerCpu, Metric::P50, Metric::P99];

    /// Those that mean something in `cell`: an open load's goodput is what it was told to ask, and a closed
    /// one's percentiles say nothing but users ÷ rate.
    #[must_use]
    pub fn of_cell(cell: &Cell) -> &'static [Metric] {
        if is_open(cell) {
            &[Metric::ServerCpu, Metric::P50, Metric::P99]
        } else {
            &[Metric::Goodput, Metric::ServerCpu]
        }
    }

    /// As headings call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Metric::Goodput => "goodput req/s",
            Metric::ServerCpu => "server CPU µs/req",
            Metric::P50 => "p50 µs",
            Metric::P99 => "p99 µs",
        }
    }

    /// Whether more of it is better.
    #[must_use]
    pub fn more_is_better(self) -> bool {
        self == Metric::Goodput
    }

    /// Over all blocks.
    #[must_use]
    pub fn estimate(self, figures: &Figures) -> Option<Estimate> {
        match self {
            Metric::Goodput => Some(figures.goodput),
            Metric::ServerCpu => Some(figures.server_cpu),
            Metric::P50 => figures.response.as_ref()?.p50,
            Metric::P99 => figures.response.as_ref()?.p99,
        }
    }

    /// Of one trial, by the formulas of [`Figures`].
    fn of(self, trial: &Trial) -> Option<f64> {
        let record = &trial.measured.record;
        match self {
            Metric::Goodput => Some(record.goodput()),
            Metric::ServerCpu => Some(per_answer(trial, trial.measured.resources.server.cpu)),
            Metric::P50 => quantile(record, 0.5),
            Metric::P99 => quantile(record, 0.99),
        }
    }
}

/// One block's value, and what may explain it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// In the metric's unit.
    pub value: f64,
    /// The load's CPU time per right answer in the same trial, in microseconds.
    pub load_cpu: f64,
}

/// `metric` of a server in a cell, by block, from the trials that [`Figures`] rest on. Empty where
/// those have no such figure: what a block lacks is not left out of a comparison.
#[must_use]
pub fn by_block(raw: &Raw, server: &str, cell: &Cell, metric: Metric) -> BTreeMap<u32, Value> {
    let trials = trials(raw, server, cell);
    let values: Option<BTreeMap<u32, Value>> = valid(&trials, cell, &raw.run.cpus)
        .into_iter()
        .map(|trial| {
            let answered = trial.measured.record.right_in_window > 0;
            let value = answered.then(|| metric.of(trial)).flatten()?;
            let load_cpu = per_answer(trial, trial.measured.resources.load.cpu);
            Some((trial.block, Value { value, load_cpu }))
        })
        .collect();
    values.unwrap_or_default()
}

/// All trials of a server in a cell that came to their end.
pub(super) fn trials<'a>(raw: &'a Raw, server: &str, cell: &Cell) -> Vec<&'a Trial> {
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
