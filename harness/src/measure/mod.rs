//! From raw trials to measurements: what the trials of a cell say, each figure with its interval.

pub mod block;
pub mod limit;
pub mod pooled;
pub mod resources;
#[cfg(test)]
mod tests;
pub mod warning;

use std::collections::BTreeMap;

use crate::definition::Role;
use crate::definition::cell::Cell;
use crate::definition::scenario::LoadKind;
use crate::definition::server::RunServer;
use crate::failure::Failure;
use crate::format::folder::Raw;
use crate::format::journal::{Entry, Trial};
use crate::format::run::RunFile;
use crate::load::LoadRecord;
use crate::observe::window::Resources;
use crate::os::placement::Placement;
use crate::stats::{self, Estimate};
use crate::units::Nanos;
use limit::{Limit, achieved, is_load_bound, is_valid, load_share, load_was_at_fault};
use resources::ResourceFigures;
use warning::{Warning, warnings};

/// A percentile rests on at least so many requests beyond it.
const BEYOND: f64 = 10.0;

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

/// The figures of a cell, each an estimate over blocks with its interval.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Right answers per second.
    pub goodput: Estimate,
    /// Whether goodput is only a lower bound: something other than the server was the limit.
    pub lower_bound: bool,
    /// Of an open load; a closed one's say nothing but users ÷ rate.
    pub response: Option<Response>,
    /// The server's CPU time per right answer, in microseconds.
    pub server_cpu: Estimate,
    /// The database's; absent if it was not ours to observe.
    pub db_cpu: Option<Estimate>,
    /// The load's; absent where the server drove itself, and there was none.
    pub load_cpu: Option<Estimate>,
    /// The server's anonymous memory, in MiB: the largest reading of all trials.
    pub server_rss: f64,
    /// What was saturated in most trials.
    pub limit: Limit,
    /// What the load says of itself.
    pub load: LoadFigures,
    /// What it cost beyond CPU time, and what the database counted.
    pub resources: ResourceFigures,
}

/// What the load says of itself: for each figure that of the worst trial.
#[derive(Clone, Copy, Debug)]
pub struct LoadFigures {
    /// Its share of its CPUs' time; 1 is all of it. Absent where the server drove itself.
    pub cpu_share: Option<f64>,
    /// Of an open load: the 99th percentile of how late it was by its own doing, in microseconds.
    pub own_lateness_p99: Option<f64>,
    /// Of an open load: right answers within the window over requests that were due in it.
    pub achieved: Option<f64>,
    /// How far rate × mean response is from the mean number of requests in the system, as a fraction.
    pub littles_law_residual: f64,
}

/// Microseconds from due to the last byte. A request without a right answer counts as one that took for
/// ever: a percentile that falls among those is absent, as is one that rests on fewer than ten requests.
#[derive(Clone, Debug)]
pub struct Response {
    /// Half of the requests do not exceed this.
    pub p50: Option<Estimate>,
    /// Nine tenths.
    pub p90: Option<Estimate>,
    /// 99 in 100.
    pub p99: Option<Estimate>,
    /// 999 in 1,000.
    pub p999: Option<Estimate>,
    /// The longest right answer of all trials.
    pub max: f64,
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
        .flat_map(|server| raw.run.cell.iter().map(move |cell| (server, cell)))
        .filter(|(server, cell)| cell.is_of(&server.answers, server.drives_itself));
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
    let valid = valid(trials, cell, cpus);
    let late = trials.iter().filter(|trial| open && load_was_at_fault(trial)).count();
    let mut warnings = warnings(trials, failures, raw.run.blocks, open, late, cpus.load_is_alone());
    if !open && load_is_limit(&valid, cpus) {
        warnings.push(Warning::LoadBound);
    }
    warnings.extend(resources::warnings(trials, server, cell, raw.run.pool_size_of(server)));
    Measurement {
        server: server.name.clone(),
        role: server.role,
        scenario: cell.scenario.name.clone(),
        load: cell.load.name.clone(),
        open,
        trials: trials.len(),
        figures: figures(&valid, server, cell, &raw.run),
        errors: trials.iter().map(|trial| trial.measured.record.failed()).sum(),
        warnings,
    }
}

/// The trials that figures rest on.
fn valid<'a>(trials: &[&'a Trial], cell: &Cell, cpus: &Placement) -> Vec<&'a Trial> {
    trials.iter().copied().filter(|trial| is_valid(trial, is_open(cell), cpus)).collect()
}

fn is_open(cell: &Cell) -> bool {
    matches!(cell.load.kind, LoadKind::Open { .. })
}

/// The connections that a closed load's requests may wait for; absent where they ask no database.
fn connections(server: &RunServer, cell: &Cell, pool_size: u32) -> Option<u32> {
    let has_queries = resources::owed(server, cell).queries > 0;
    (has_queries && !is_open(cell)).then_some(pool_size)
}

fn figures(trials: &[&Trial], server: &RunServer, cell: &Cell, run: &RunFile) -> Option<Figures> {
    let (cpus, loaded) = (&run.cpus, !server.drives_itself);
    let connections = connections(server, cell, run.pool_size_of(server));
    if trials.iter().any(|trial| trial.measured.record.right_in_window == 0) {
        return None;
    }
    let estimate = |figure: &dyn Fn(&Trial) -> f64| {
        stats::mean(&trials.iter().map(|trial| figure(trial)).collect::<Vec<_>>())
    };
    let cpu = |used: &dyn Fn(&Resources) -> Nanos| {
        estimate(&|trial| per_answer(trial, used(&trial.measured.resources)))
    };
    let mut limits: Vec<Limit> =
        trials.iter().map(|trial| Limit::of(trial, cpus, connections)).collect();
    limits.sort_unstable();
    let limit = limits.chunk_by(|a, b| a == b).max_by_key(|same| same.len())?[0];
    let observed = trials.iter().all(|trial| trial.measured.resources.db.is_some());
    Some(Figures {
        goodput: estimate(&|trial| trial.measured.record.goodput())?,
        lower_bound: is_lower_bound(trials, cell, cpus),
        response: is_open(cell).then(|| response(trials)),
        server_cpu: cpu(&|resources| resources.server.cpu)?,
        db_cpu: observed.then(|| cpu(&|resources| resources.db.unwrap_or_default().cpu)).flatten(),
        load_cpu: loaded.then(|| cpu(&|resources| resources.load.cpu)).flatten(),
        server_rss: largest(trials, |trial| {
            trial.measured.resources.server.anonymous_kib as f64 / 1024.0
        }),
        limit,
        load: load_figures(trials, is_open(cell), loaded.then_some(cpus)),
        resources: resources::figures(trials, cpus, loaded),
    })
}

/// Whether the trials' goodput is only a lower bound: something other than the server was the limit.
fn is_lower_bound(trials: &[&Trial], cell: &Cell, cpus: &Placement) -> bool {
    let server_is_limit = trials.iter().all(|trial| Limit::of(trial, cpus, None).server);
    !is_open(cell) && (!server_is_limit || load_is_limit(trials, cpus))
}

/// Whether the load bounded any trial: one is enough for the mean to be a bound.
fn load_is_limit(trials: &[&Trial], cpus: &Placement) -> bool {
    trials.iter().any(|trial| is_load_bound(trial, cpus))
}

/// `cpus` are absent where the server drove itself.
fn load_figures(trials: &[&Trial], open: bool, cpus: Option<&Placement>) -> LoadFigures {
    let late = |trial: &Trial| trial.measured.record.own_lateness.quantile(0.99).as_micros().0;
    let residual =
        |trial: &Trial| trial.measured.record.littles_law_residual().unwrap_or(0.0).abs();
    LoadFigures {
        cpu_share: cpus.map(|cpus| largest(trials, |trial| load_share(trial, cpus))),
        own_lateness_p99: open.then(|| largest(trials, late)),
        achieved: open
            .then(|| trials.iter().map(|trial| achieved(trial)).fold(f64::INFINITY, f64::min)),
        littles_law_residual: largest(trials, residual),
    }
}

fn response(trials: &[&Trial]) -> Response {
    let percentile = |q: f64| {
        let values: Option<Vec<f64>> =
            trials.iter().map(|trial| quantile(&trial.measured.record, q)).collect();
        stats::geometric_mean(&values?)
    };
    Response {
        p50: percentile(0.5),
        p90: percentile(0.9),
        p99: percentile(0.99),
        p999: percentile(0.999),
        max: largest(trials, |trial| trial.measured.record.response.max().as_micros().0),
    }
}

/// In microseconds, over all requests that were due.
fn quantile(record: &LoadRecord, q: f64) -> Option<f64> {
    let due = (record.sent + record.unsent) as f64;
    if due * (1.0 - q) < BEYOND {
        return None;
    }
    // Right answers are the first of all, in order of time; the others never come.
    let among_right = q * due / record.right as f64;
    (among_right <= 1.0).then(|| record.response.quantile(among_right).as_micros().0)
}

fn largest(trials: &[&Trial], figure: impl Fn(&Trial) -> f64) -> f64 {
    trials.iter().map(|trial| figure(trial)).fold(0.0, f64::max)
}

/// Microseconds of CPU time per right answer: both as rates, since the readings of CPU time are some
/// microseconds later than the window's ends.
fn per_answer(trial: &Trial, used: Nanos) -> f64 {
    used.as_secs() / trial.measured.resources.interval.as_secs() / trial.measured.record.goodput()
        * 1e6
}
