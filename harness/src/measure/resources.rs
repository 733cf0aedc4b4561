//! What a cell's trials cost beyond CPU time, and what they made the database do.

use super::warning::Warning;
use crate::backend::Usage;
use crate::definition::scenario::Asks;
use crate::definition::server::DatabaseLabel;
use crate::format::journal::Trial;
use crate::format::run::RunServer;
use crate::observe::counts::DbCounts;
use crate::observe::steal::Steal;
use crate::plan::Cell;
use crate::stats::{self, Estimate};

/// A server that asks the database once a request is off by no more than this, as a fraction:
const QUERIES: f64 = 0.005;
/// but each new connection may ask this often about the database itself.
const GREETINGS: u64 = 4;
/// A host that takes more of a part's CPU time than this changes what is measured.
const STOLEN: f64 = 0.05;

/// The figures; absent where the backend could not know them in every trial.
#[derive(Clone, Copy, Debug)]
pub struct ResourceFigures {
    /// The server's.
    pub server: PartFigures,
    /// The database's.
    pub db: PartFigures,
    /// The load's.
    pub load: PartFigures,
    /// The largest part of any window that a quota on all parts together kept them from running.
    pub throttled: Option<f64>,
    /// The largest part of any window that the host took from the CPUs of any part.
    pub stolen: Option<f64>,
    /// Per request, over whole loads.
    pub queries: Option<Estimate>,
    /// Statements prepared per request.
    pub prepares: Option<Estimate>,
    /// Look-ups and rows read per request.
    pub rows: Option<Estimate>,
    /// Round trips per request that no one asked for.
    pub hidden: Option<Estimate>,
    /// Connections to the database: the largest number of all trials.
    pub connections: Option<f64>,
}

/// What one part cost.
#[derive(Clone, Copy, Debug)]
pub struct PartFigures {
    /// Context switches per right answer, of both kinds.
    pub switches: Option<Estimate>,
    /// Those in which it had to give up its CPU.
    pub involuntary: Option<Estimate>,
    /// Anonymous memory in MiB, the largest of all trials.
    pub memory_mib: Option<f64>,
    /// Threads, the largest number of all trials.
    pub threads: Option<f64>,
    /// Open file descriptors, the largest number of all trials.
    pub files: Option<f64>,
    /// The largest part of any window that a quota of its own kept it from running.
    pub throttled: Option<f64>,
}

pub(super) fn figures(trials: &[&Trial]) -> ResourceFigures {
    let part = |of: &dyn Fn(&Trial) -> Option<Usage>| part_figures(trials, of);
    let per_request = |of: &dyn Fn(&DbCounts) -> u64| {
        estimate(trials, |trial| {
            let (counts, asked) = counted(trial)?;
            Some(of(counts) as f64 / asked as f64)
        })
    };
    ResourceFigures {
        server: part(&|trial| Some(trial.measured.resources.server)),
        db: part(&|trial| trial.measured.resources.db),
        load: part(&|trial| Some(trial.measured.resources.load)),
        throttled: peak(trials, |trial| {
            let resources = &trial.measured.resources;
            Some(resources.throttled?.as_secs() / resources.interval.as_secs())
        }),
        stolen: peak(trials, stolen),
        queries: per_request(&|counts| counts.queries),
        prepares: per_request(&|counts| counts.prepares),
        rows: per_request(&|counts| counts.rows_read),
        hidden: per_request(&|counts| counts.hidden),
        connections: peak(trials, |trial| {
            trial.measured.resources.db_counts.map(|counts| counts.connections as f64)
        }),
    }
}

fn part_figures(trials: &[&Trial], of: &dyn Fn(&Trial) -> Option<Usage>) -> PartFigures {
    let per_answer = |count: &dyn Fn(Usage) -> Option<u64>| {
        estimate(trials, |trial| {
            let measured = &trial.measured;
            let per_second = count(of(trial)?)? as f64 / measured.resources.interval.as_secs();
            Some(per_second / measured.record.goodput())
        })
    };
    PartFigures {
        switches: per_answer(&|used| Some(used.voluntary_switches? + used.involuntary_switches?)),
        involuntary: per_answer(&|used| used.involuntary_switches),
        memory_mib: peak(trials, |trial| Some(of(trial)?.anonymous_kib as f64 / 1024.0)),
        threads: peak(trials, |trial| Some(of(trial)?.threads? as f64)),
        files: peak(trials, |trial| Some(of(trial)?.files? as f64)),
        throttled: peak(trials, |trial| {
            Some(of(trial)?.throttled?.as_secs() / trial.measured.resources.interval.as_secs())
        }),
    }
}

fn estimate(trials: &[&Trial], figure: impl Fn(&Trial) -> Option<f64>) -> Option<Estimate> {
    let figures: Option<Vec<f64>> = trials.iter().map(|trial| figure(trial)).collect();
    stats::mean(&figures?)
}

fn peak(trials: &[&Trial], figure: impl Fn(&Trial) -> Option<f64>) -> Option<f64> {
    trials.iter().map(|trial| figure(trial)).reduce(|a, b| Some(a?.max(b?))).flatten()
}

/// What the database counted, and how many requests it was for.
fn counted(trial: &Trial) -> Option<(&DbCounts, u64)> {
    let counts = trial.measured.resources.db_counts.as_ref()?;
    Some((counts, trial.measured.record.asked_in_all)).filter(|(_, asked)| *asked > 0)
}

fn stolen(trial: &Trial) -> Option<f64> {
    let Steal { server, db, load } = trial.measured.resources.steal?;
    Some(server.max(db).max(load))
}

/// What the counters and the host give cause to say of all trials of a cell.
pub(super) fn warnings(
    trials: &[&Trial],
    server: &RunServer,
    cell: &Cell,
    pool_size: u32,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let shares = trials.iter().filter_map(|trial| stolen(trial)).filter(|share| *share > STOLEN);
    let (windows, worst) = shares.fold((0, 0.0), |(n, worst), share| (n + 1, share.max(worst)));
    if windows > 0 {
        warnings.push(Warning::Stolen { windows, of: trials.len(), worst });
    }
    if server.labels.database == DatabaseLabel::None || cell.scenario.asks == Asks::Nothing {
        return warnings;
    }
    let off = trials.iter().filter_map(|trial| {
        let (counts, asked) = counted(trial)?;
        let tolerated = QUERIES * asked as f64 + (GREETINGS * counts.connects) as f64;
        let ratio = counts.queries as f64 / asked as f64;
        (counts.queries.abs_diff(asked) as f64 > tolerated).then_some(ratio)
    });
    if let Some(per_request) = off.max_by(|a, b| (a - 1.0).abs().total_cmp(&(b - 1.0).abs())) {
        warnings.push(Warning::Queries { per_request });
    }
    let asked_for = u64::from(pool_size);
    let open = trials.iter().filter_map(|trial| trial.measured.resources.db_counts);
    // An open load may leave a pool that grows with its need below its size; that harms no one.
    let wrong = open
        .map(|counts| counts.connections)
        .filter(|&open| if super::is_open(cell) { open > asked_for } else { open != asked_for });
    if let Some(open) = wrong.max_by_key(|open| open.abs_diff(asked_for)) {
        warnings.push(Warning::Connections { asked_for, open });
    }
    warnings
}
