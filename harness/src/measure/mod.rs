//! From raw trials to measurements: what the trials of a cell say, each figure with its interval.

pub mod limit;
pub mod warning;

use std::collections::BTreeMap;

use crate::definition::scenario::LoadKind;
use crate::definition::server::Role;
use crate::format::folder::Raw;
use crate::format::journal::{Entry, Failure, Trial};
use crate::format::run::RunServer;
use crate::placement::Placement;
use crate::plan::Cell;
use crate::stats::{self, Estimate};
use limit::{Bottleneck, LOAD_BOUND, SATURATED, load_share, load_was_at_fault, server_share};
use warning::{Warning, warnings};

/// What the trials of one cell say.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// Which server.
    pub server: String,
    /// What it is there for.
    pub role: Role,
    /// Which scenario.
    pub scenario: String,
    /// Which load.
    pub load: String,
    /// Whether the load is open.
    pub open: bool,
    /// How many trials came to their end.
    pub trials: usize,
    /// What they say; absent where fewer than two did.
    pub figures: Option<Figures>,
    /// Errors of all trials.
    pub errors: u64,
    /// What a reader must know.
    pub warnings: Vec<Warning>,
}

/// The figures of a cell, each a mean over blocks with its interval.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Right answers per second.
    pub goodput: Estimate,
    /// Whether goodput is only a lower bound: something other than the server was the limit.
    pub lower_bound: bool,
    /// Microseconds from due to the last byte that half of the right answers do not exceed.
    pub p50: Estimate,
    /// Likewise, nine tenths.
    pub p90: Estimate,
    /// Likewise, 99 in 100.
    pub p99: Estimate,
    /// Likewise, 999 in 1,000.
    pub p999: Estimate,
    /// The longest of all trials, in microseconds.
    pub max: f64,
    /// The server's CPU time per right answer, in microseconds.
    pub server_cpu: Estimate,
    /// The database's; absent if it was not ours to observe.
    pub db_cpu: Option<Estimate>,
    /// The load's.
    pub load_cpu: Estimate,
    /// The server's anonymous memory, in MiB, the largest of all trials.
    pub server_rss: f64,
    /// What was saturated in most trials.
    pub bottleneck: Bottleneck,
}

/// All measurements of a run: servers in the registry's order, cells in the profile's.
#[must_use]
pub fn measurements(raw: &Raw) -> Vec<Measurement> {
    let mut trials: BTreeMap<(&str, &str, &str), Vec<&Trial>> = BTreeMap::new();
    let mut failures: BTreeMap<&str, Vec<&Failure>> = BTreeMap::new();
    for entry in &raw.entries {
        match entry {
            Entry::Trial(trial) => {
                trials
                    .entry((&trial.server, &trial.scenario, &trial.load))
                    .or_default()
                    .push(trial);
            }
            Entry::Failure(failure) => failures.entry(&failure.server).or_default().push(failure),
            _ => {}
        }
    }
    let cells = raw
        .run
        .server
        .iter()
        .flat_map(|server| raw.run.cell.iter().map(move |cell| (server, cell)));
    cells
        .map(|(server, cell)| {
            let key = (server.name.as_str(), cell.scenario.name.as_str(), cell.load.name.as_str());
            let trials = trials.get(&key).map_or(&[][..], Vec::as_slice);
            let failures = failures.get(server.name.as_str()).map_or(&[][..], Vec::as_slice);
            measurement(server, cell, trials, failures, raw)
        })
        .collect()
}

fn measurement(
    server: &RunServer,
    cell: &Cell,
    trials: &[&Trial],
    failures: &[&Failure],
    raw: &Raw,
) -> Measurement {
    let (open, cpus) = (is_open(cell), &raw.run.cpus);
    let late = |trial: &Trial| open && load_was_at_fault(trial);
    // A load with CPUs of its own has no excuse; one that shares them could not do better.
    let valid: Vec<&Trial> =
        trials.iter().copied().filter(|trial| !(cpus.load_is_alone() && late(trial))).collect();
    let late = trials.iter().filter(|trial| late(trial)).count();
    let mut warnings = warnings(trials, failures, raw.run.blocks, open, late, cpus.load_is_alone());
    if !open && is_load_bound(&valid, cpus) {
        warnings.push(Warning::LoadBound);
    }
    Measurement {
        server: server.name.clone(),
        role: server.role,
        scenario: cell.scenario.name.clone(),
        load: cell.load.name.clone(),
        open,
        trials: trials.len(),
        figures: figures(&valid, cell, cpus),
        errors: trials.iter().map(|trial| trial.measured.record.failed()).sum(),
        warnings,
    }
}

fn is_open(cell: &Cell) -> bool {
    matches!(cell.load.kind, LoadKind::Open { .. })
}

fn figures(trials: &[&Trial], cell: &Cell, cpus: &Placement) -> Option<Figures> {
    let estimate = |figure: &dyn Fn(&Trial) -> f64| {
        stats::mean(&trials.iter().map(|trial| figure(trial)).collect::<Vec<_>>())
    };
    let quantile =
        |q: f64| estimate(&move |trial| trial.measured.record.response.quantile(q).as_micros().0);
    let largest = |figure: &dyn Fn(&Trial) -> f64| {
        trials.iter().map(|trial| figure(trial)).fold(0.0, f64::max)
    };
    if trials.iter().any(|trial| trial.measured.record.right_in_window == 0) {
        return None;
    }
    let mut limits: Vec<Bottleneck> =
        trials.iter().map(|trial| Bottleneck::of(trial, cpus)).collect();
    limits.sort_unstable();
    let commonest = limits.chunk_by(|a, b| a == b).max_by_key(|same| same.len())?[0];
    let server_busy = trials.iter().all(|trial| server_share(trial, cpus) >= SATURATED);
    Some(Figures {
        goodput: estimate(&|trial| trial.measured.record.goodput())?,
        lower_bound: !is_open(cell) && (!server_busy || is_load_bound(trials, cpus)),
        p50: quantile(0.5)?,
        p90: quantile(0.9)?,
        p99: quantile(0.99)?,
        p999: quantile(0.999)?,
        max: largest(&|trial| trial.measured.record.response.max().as_micros().0),
        server_cpu: estimate(&|trial| {
            per_answer(trial, trial.measured.resources.server.cpu.as_secs())
        })?,
        db_cpu: trials
            .iter()
            .all(|trial| trial.measured.resources.db.is_some())
            .then(|| {
                estimate(&|trial| {
                    per_answer(trial, trial.measured.resources.db.unwrap_or_default().cpu.as_secs())
                })
            })
            .flatten(),
        load_cpu: estimate(&|trial| {
            per_answer(trial, trial.measured.resources.load.cpu.as_secs())
        })?,
        server_rss: largest(&|trial| trial.measured.resources.server.anonymous_kib as f64 / 1024.0),
        bottleneck: commonest,
    })
}

/// Microseconds of CPU time per right answer: both as rates, since the readings of CPU time are some
/// microseconds later than the window's ends.
fn per_answer(trial: &Trial, cpu_secs: f64) -> f64 {
    cpu_secs / trial.measured.resources.interval.as_secs() / trial.measured.record.goodput() * 1e6
}

/// Whether in most trials the load itself kept its CPUs busy.
fn is_load_bound(trials: &[&Trial], cpus: &Placement) -> bool {
    trials.iter().filter(|trial| load_share(trial, cpus) >= LOAD_BOUND).count() * 2 > trials.len()
}
