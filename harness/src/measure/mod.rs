//! From raw trials to measurements: the figures of each cell, with their intervals.

pub mod block;
pub mod counted;
pub mod limit;
pub mod other;
pub mod pooled;
pub mod resources;
mod rounds;
mod span;
pub mod starts;
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
use crate::load::LoadRecord;
use crate::observe::usage::Usage;
use crate::observe::window::Resources;
use crate::os::placement::Placement;
use crate::stats::{self, Estimate};
use limit::{Limit, achieved, is_load_bound, is_valid, load_share, load_was_at_fault};
use other::OtherWork;
use resources::ResourceFigures;
use starts::StartFigures;
use warning::{Warning, warnings};

/// The number of requests that must lie beyond a percentile of one block: without one, the percentile is only the
/// longest response time. It is no measure of precision, since slow requests come together: that is [`PRECISION`].
const BEYOND: f64 = 1.0;
/// The largest factor from a percentile to the ends of its 95% interval over blocks with which it is a figure.
const PRECISION: f64 = 1.25;

/// The results of the trials of one cell.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// The server's name.
    pub server: String,
    /// The server's role.
    pub role: Role,
    /// The scenario's name.
    pub scenario: String,
    /// The load's name.
    pub load: String,
    /// Whether the load is open.
    pub open: bool,
    /// The number of completed trials.
    pub trials: usize,
    /// The figures; absent where fewer than two trials are valid.
    pub figures: Option<Figures>,
    /// The number of errors in all trials.
    pub errors: u64,
    /// Warnings about the figures.
    pub warnings: Vec<Warning>,
}

/// The figures of a cell: estimates over its blocks, with their intervals.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Right answers per second.
    pub goodput: Estimate,
    /// Whether goodput is only a lower bound, because something other than the server was the limit.
    pub lower_bound: bool,
    /// Response times of an open load; absent for a closed load, whose response times are determined by its users ÷
    /// rate.
    pub response: Option<Response>,
    /// The server's CPU time per right answer, in microseconds. This and every other figure of CPU time is over the trials
    /// whose readings span the window, and absent where those are fewer than two.
    pub server_cpu: Option<Estimate>,
    /// The database's CPU time per right answer, in microseconds; absent where the harness could not observe the
    /// database too.
    pub db_cpu: Option<Estimate>,
    /// The load's CPU time per right answer, in microseconds; absent where the server drove itself too.
    pub load_cpu: Option<Estimate>,
    /// The server's anonymous memory in MiB: the largest reading of all trials.
    pub server_rss: f64,
    /// The part that was saturated in most trials whose readings span the window.
    pub limit: Limit,
    /// Figures about the load itself.
    pub load: LoadFigures,
    /// The server's starts and size, which are the same for all its cells.
    pub start: StartFigures,
    /// Resources beyond CPU time, and the database's counters.
    pub resources: ResourceFigures,
}

/// Figures about the load itself, each from the worst trial unless it says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct LoadFigures {
    /// The load's share of its CPUs' time, where 1 is all of it; absent where the server drove itself.
    pub cpu_share: Option<f64>,
    /// The 99th percentile of the load's own lateness under an open load, in microseconds.
    pub own_lateness_p99: Option<f64>,
    /// The median of the load's own lateness under an open load, in microseconds: the mean over blocks, and not the
    /// worst trial.
    pub own_lateness_p50: Option<Estimate>,
    /// The right answers in the window of an open load, divided by the requests that were due in it.
    pub achieved: Option<f64>,
    /// The difference between rate × mean response and the mean number of requests in the system, as a fraction.
    pub littles_law_residual: f64,
}

/// Response times in microseconds, from due to the last byte.
///
/// A request without a right answer counts as infinitely long. A percentile is absent where it falls among those in any
/// block, where a block has no request beyond it, and where its 95% interval over blocks reaches farther than a factor of
/// 1.25.
#[derive(Clone, Debug)]
pub struct Response {
    /// The median.
    pub p50: Option<Estimate>,
    /// The 90th percentile.
    pub p90: Option<Estimate>,
    /// The 99th percentile.
    pub p99: Option<Estimate>,
    /// The 99.9th percentile.
    pub p999: Option<Estimate>,
    /// The longest response time of a right answer in all trials.
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
        .filter(|(server, cell)| raw.run.has(server, cell));
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
    let planned = raw.run.blocks * cell.times.visits(raw.run.rounds);
    let mut warnings = warnings(trials, failures, planned, open, late, cpus.load_is_alone());
    let blocks = rounds::pooled(&valid);
    let blocks: Vec<&Trial> = blocks.iter().collect();
    if !open && load_is_limit(&blocks, cpus) {
        warnings.push(Warning::LoadBound);
    }
    warnings.extend(span::warning(&valid));
    warnings.extend(OtherWork::warning(&valid));
    warnings.extend(resources::warnings(trials, server, cell, raw.run.pool_size_of(server)));
    Measurement {
        server: server.name.clone(),
        role: server.role,
        scenario: cell.scenario.name.clone(),
        load: cell.load.name.clone(),
        open,
        trials: trials.len(),
        figures: figures(&blocks, server, cell, raw),
        errors: trials.iter().map(|trial| trial.measured.record.failed()).sum(),
        warnings,
    }
}

/// The trials whose figures count.
fn valid<'a>(trials: &[&'a Trial], cell: &Cell, cpus: &Placement) -> Vec<&'a Trial> {
    trials.iter().copied().filter(|trial| is_valid(trial, is_open(cell), cpus)).collect()
}

fn is_open(cell: &Cell) -> bool {
    matches!(cell.load.kind, LoadKind::Open { .. })
}

/// The number of database connections that the requests of a closed load may wait for; absent where they need none.
fn connections(server: &RunServer, cell: &Cell, pool_size: u32) -> Option<u32> {
    let has_queries = resources::owed(server, cell).queries > 0;
    (has_queries && !is_open(cell)).then_some(pool_size)
}

fn figures(trials: &[&Trial], server: &RunServer, cell: &Cell, raw: &Raw) -> Option<Figures> {
    let run = &raw.run;
    let (cpus, loaded) = (&run.cpus, !server.drives_itself);
    let connections = connections(server, cell, run.pool_size_of(server));
    if trials.iter().any(|trial| trial.measured.record.right_in_window == 0) {
        return None;
    }
    let estimate = |trials: &[&Trial], figure: &dyn Fn(&Trial) -> f64| {
        stats::mean(&trials.iter().map(|trial| figure(trial)).collect::<Vec<_>>())
    };
    let whole = span::whole(trials);
    let cpu = |used: &dyn Fn(&Resources) -> Usage| {
        estimate(&whole, &|trial| per_answer(trial, used(&trial.measured.resources)))
    };
    let mut limits: Vec<Limit> =
        whole.iter().map(|trial| Limit::of(trial, cpus, connections)).collect();
    limits.sort_unstable();
    let limit = limits.chunk_by(|a, b| a == b).max_by_key(|same| same.len());
    // A limit that nothing was observed of is unknown.
    let limit = limit.map_or_else(Limit::default, |same| same[0]);
    let observed = trials.iter().all(|trial| trial.measured.resources.db.is_some());
    Some(Figures {
        goodput: estimate(trials, &|trial| trial.measured.record.goodput())?,
        lower_bound: is_lower_bound(trials, cell, cpus),
        response: is_open(cell).then(|| response(trials)),
        server_cpu: cpu(&|resources| resources.server),
        db_cpu: observed.then(|| cpu(&|resources| resources.db.unwrap_or_default())).flatten(),
        load_cpu: loaded.then(|| cpu(&|resources| resources.load)).flatten(),
        server_rss: largest(trials, |trial| {
            trial.measured.resources.server.anonymous_kib as f64 / 1024.0
        }),
        limit,
        load: load_figures(trials, is_open(cell), loaded.then_some(cpus)),
        start: StartFigures::of(raw, server),
        resources: resources::figures(trials, cpus, loaded),
    })
}

/// Whether the trials' goodput is only a lower bound, because something other than the server was the limit. Where no trial
/// tells what the limit was, it is one.
fn is_lower_bound(trials: &[&Trial], cell: &Cell, cpus: &Placement) -> bool {
    let whole = span::whole(trials);
    let is_limit = |trial: &&Trial| Limit::of(trial, cpus, None).server;
    let server_is_limit = !whole.is_empty() && whole.iter().all(is_limit);
    !is_open(cell) && (!server_is_limit || load_is_limit(trials, cpus))
}

/// Whether the load limited any trial; a single one makes the mean a bound.
fn load_is_limit(trials: &[&Trial], cpus: &Placement) -> bool {
    span::whole(trials).iter().any(|trial| is_load_bound(trial, cpus))
}

/// Figures about the load itself. `cpus` is `None` where the server drove itself.
fn load_figures(trials: &[&Trial], open: bool, cpus: Option<&Placement>) -> LoadFigures {
    let late = |trial: &Trial| trial.measured.record.own_lateness.quantile(0.99).as_micros().0;
    let median = |trial: &&Trial| trial.measured.record.own_lateness.quantile(0.5).as_micros().0;
    let medians: Vec<f64> = trials.iter().map(median).collect();
    let residual =
        |trial: &Trial| trial.measured.record.littles_law_residual().unwrap_or(0.0).abs();
    let whole = span::whole(trials);
    LoadFigures {
        cpu_share: cpus
            .filter(|_| !whole.is_empty())
            .map(|cpus| largest(&whole, |trial| load_share(trial, cpus))),
        own_lateness_p99: open.then(|| largest(trials, late)),
        own_lateness_p50: open.then(|| stats::mean(&medians)).flatten(),
        achieved: open
            .then(|| trials.iter().map(|trial| achieved(trial)).fold(f64::INFINITY, f64::min)),
        littles_law_residual: largest(trials, residual),
    }
}

fn response(trials: &[&Trial]) -> Response {
    let percentile = |q: f64| {
        let values: Option<Vec<f64>> =
            trials.iter().map(|trial| quantile(&trial.measured.record, q, BEYOND)).collect();
        stats::geometric_mean(&values?).filter(is_precise)
    };
    Response {
        p50: percentile(0.5),
        p90: percentile(0.9),
        p99: percentile(0.99),
        p999: percentile(0.999),
        max: largest(trials, |trial| trial.measured.record.response.max().as_micros().0),
    }
}

/// Whether a geometric mean's interval is narrow enough for a figure.
fn is_precise(estimate: &Estimate) -> bool {
    estimate.hi <= PRECISION * estimate.mean
}

/// A quantile of the response time in microseconds, over all requests that were due; `None` where fewer than `beyond` of
/// them lie beyond it, and where it falls among those without a right answer.
fn quantile(record: &LoadRecord, q: f64, beyond: f64) -> Option<f64> {
    let due = (record.sent + record.unsent) as f64;
    // Rounding must not turn ten of a thousand into fewer than ten.
    if due * (1.0 - q) < beyond - 1e-6 {
        return None;
    }
    // Right answers are the fastest of all requests: those without one count as infinitely long.
    let among_right = q * due / record.right as f64;
    (among_right <= 1.0).then(|| record.response.quantile(among_right).as_micros().0)
}

fn largest(trials: &[&Trial], figure: impl Fn(&Trial) -> f64) -> f64 {
    trials.iter().map(|trial| figure(trial)).fold(0.0, f64::max)
}

/// The CPU time per right answer in microseconds, in a trial whose readings span the window.
fn per_answer(trial: &Trial, used: Usage) -> f64 {
    used.cpu.as_secs() / answers(trial, used) * 1e6
}

/// The right answers between the two readings of a part. Where the load did not count them, they are what its rate in the
/// window makes in that time.
fn answers(trial: &Trial, used: Usage) -> f64 {
    let measured = &trial.measured;
    let by_rate = || measured.record.goodput() * used.seconds(measured.resources.interval);
    used.answers.map_or_else(by_rate, |answers| answers as f64)
}
