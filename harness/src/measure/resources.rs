//! The resources of a cell beyond CPU time, and the work of the database.

use super::other::OtherWork;
use super::warning::Warning;
use super::{answers, span};
use crate::database::{Counter, Counters};
use crate::definition::cell::Cell;
use crate::definition::server::RunServer;
use crate::format::journal::Trial;
use crate::observe::steal::Steal;
use crate::observe::usage::Usage;
use crate::os::placement::{Cpus, Placement};
use crate::stats::{self, Estimate};
use crate::workload::Work;

/// The queries that the database counts differ from those that the requests owe by no more than this, as a fraction.
const QUERIES: f64 = 0.005;
/// Each new connection may ask this often about the database itself, besides.
const GREETINGS: u64 = 4;
/// The share of a part's CPU time from which time that the host took changes the measurement.
const STOLEN: f64 = 0.05;

/// Figures about resources; absent where the backend could not know them in every trial.
#[derive(Clone, Copy, Debug)]
pub struct ResourceFigures {
    /// The figures of the server.
    pub server: PartFigures,
    /// The figures of the database.
    pub db: PartFigures,
    /// The figures of the load.
    pub load: PartFigures,
    /// The largest share of a window in which a quota on all parts together kept them from running.
    pub throttled: Option<f64>,
    /// The largest share of a window that the host took from the CPUs of a part.
    pub stolen: Option<f64>,
    /// The shares of the run's CPUs that other work took.
    pub other: Option<OtherWork>,
    /// Per request, over whole loads.
    pub queries: Option<Estimate>,
    /// Prepared statements per request.
    pub prepares: Option<Estimate>,
    /// Look-ups and rows read per request.
    pub rows: Option<Estimate>,
    /// Round trips per request beyond those of queries: pings, resets and the like.
    pub extra_round_trips: Option<Estimate>,
    /// The number of connections to the database: the largest of all trials.
    pub connections: Option<f64>,
}

/// Figures about the resources of one part.
#[derive(Clone, Copy, Debug)]
pub struct PartFigures {
    /// The part's share of its CPUs' time; 1 is all of it.
    pub cpu_share: Option<Estimate>,
    /// Context switches per request, of both kinds: from before the load's start until it was drained.
    pub switches: Option<Estimate>,
    /// Involuntary context switches per request.
    pub involuntary: Option<Estimate>,
    /// Anonymous memory in MiB: the largest value of all trials.
    pub memory_mib: Option<f64>,
    /// The number of threads: the largest of all trials.
    pub threads: Option<f64>,
    /// The number of open file descriptors: the largest of all trials.
    pub files: Option<f64>,
    /// The largest share of a window in which the part's own quota kept it from running.
    pub throttled: Option<f64>,
}

/// Collects the figures. The trials are not `loaded` where the server drove itself; there are then no figures of a
/// load.
pub(super) fn figures(trials: &[&Trial], cpus: &Placement, loaded: bool) -> ResourceFigures {
    let part =
        |cpus: &Cpus, of: &dyn Fn(&Trial) -> Option<Usage>| part_figures(trials, cpus.count(), of);
    let per_request = |counter: Counter| {
        estimate(trials, |trial| {
            let (counts, asked) = counted(trial)?;
            Some(counts.get(counter)? as f64 / asked as f64)
        })
    };
    ResourceFigures {
        server: part(&cpus.sets.server, &|trial| Some(trial.measured.resources.server)),
        db: part(&cpus.sets.db, &|trial| trial.measured.resources.db),
        load: part(&cpus.sets.load, &|trial| loaded.then_some(trial.measured.resources.load)),
        throttled: peak(trials, |trial| {
            let resources = &trial.measured.resources;
            Some(resources.throttled?.as_secs() / resources.interval.as_secs())
        }),
        stolen: peak(trials, stolen),
        other: OtherWork::of(trials.iter().copied()),
        queries: per_request(Counter::Queries),
        prepares: per_request(Counter::Prepares),
        rows: per_request(Counter::RowsRead),
        extra_round_trips: per_request(Counter::ExtraRoundTrips),
        connections: peak(trials, |trial| Some(connections(trial)? as f64)),
    }
}

fn part_figures(
    trials: &[&Trial],
    cpus: usize,
    of: &dyn Fn(&Trial) -> Option<Usage>,
) -> PartFigures {
    let whole = span::whole(trials);
    // Earlier runs counted within the window.
    let per_request = |since_start: &dyn Fn(Usage) -> Option<u64>,
                       in_window: &dyn Fn(Usage) -> Option<u64>| {
        estimate(&whole, |trial| {
            let used = of(trial)?;
            match since_start(used) {
                Some(count) => {
                    Some(count as f64 / trial.measured.record.requests_total.max(1) as f64)
                }
                None => Some(in_window(used)? as f64 / answers(trial, used)),
            }
        })
    };
    PartFigures {
        cpu_share: estimate(&whole, |trial| {
            let used = of(trial)?;
            let available = used.seconds(trial.measured.resources.interval) * cpus as f64;
            Some(used.cpu.as_secs() / available)
        }),
        switches: per_request(&|used| Some(used.waits? + used.preemptions?), &|used| {
            Some(used.voluntary_switches? + used.involuntary_switches?)
        }),
        involuntary: per_request(&|used| used.preemptions, &|used| used.involuntary_switches),
        memory_mib: peak(trials, |trial| Some(of(trial)?.anonymous_kib as f64 / 1024.0)),
        threads: peak(trials, |trial| Some(of(trial)?.threads? as f64)),
        files: peak(trials, |trial| Some(of(trial)?.files? as f64)),
        throttled: peak(trials, |trial| {
            let used = of(trial)?;
            Some(used.throttled?.as_secs() / used.seconds(trial.measured.resources.interval))
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
fn counted(trial: &Trial) -> Option<(&Counters, u64)> {
    let counts = trial.measured.resources.db_counts.as_ref()?;
    Some((counts, trial.measured.record.requests_total)).filter(|(_, asked)| *asked > 0)
}

/// The connections that the server held. In runs recorded before they were counted at the server, they are those that the
/// database counted, which had no other client.
fn connections(trial: &Trial) -> Option<u64> {
    let resources = &trial.measured.resources;
    let counted = || resources.db_counts?.get(Counter::Connections);
    resources.server.connections.or_else(counted)
}

fn stolen(trial: &Trial) -> Option<f64> {
    let Steal { server, db, load } = trial.measured.resources.steal?;
    Some(server.max(db).max(load))
}

/// The work that one request of a cell owes the services.
pub(super) fn owed(server: &RunServer, cell: &Cell) -> Work {
    if server.has_database() { cell.scenario.asks.owes() } else { Work::default() }
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
    let Work { queries: owed, changes } = owed(server, cell);
    if owed == 0 {
        return warnings;
    }
    let off = trials.iter().filter_map(|trial| {
        let (counts, asked) = counted(trial)?;
        let queries = counts.get(Counter::Queries)?;
        let greetings = GREETINGS * counts.get(Counter::Connects).unwrap_or(0);
        let tolerated = QUERIES * (owed * asked) as f64 + greetings as f64;
        let ratio = queries as f64 / asked as f64;
        (queries.abs_diff(owed * asked) as f64 > tolerated).then_some(ratio)
    });
    let distance = |ratio: &f64| (ratio - owed as f64).abs();
    if let Some(per_request) = off.max_by(|a, b| distance(a).total_cmp(&distance(b))) {
        warnings.push(Warning::Queries { per_request });
    }
    let counted_changes = trials.iter().filter_map(|trial| {
        let (counts, asked) = counted(trial)?;
        let counted = counts.get(Counter::Changes)?;
        let is_off = counted.abs_diff(changes * asked) as f64 > QUERIES * (changes * asked) as f64;
        is_off.then_some(counted as f64 / asked as f64)
    });
    if let Some(per_request) = counted_changes.max_by(f64::total_cmp) {
        warnings.push(Warning::Changes { per_request });
    }
    let asked_for = u64::from(pool_size);
    let open = trials.iter().filter_map(|trial| connections(trial));
    // An open load may leave a growing pool below its size, which does no harm.
    let wrong = open
        .filter(|&open| if super::is_open(cell) { open > asked_for } else { open != asked_for });
    if let Some(open) = wrong.max_by_key(|open| open.abs_diff(asked_for)) {
        warnings.push(Warning::Connections { asked_for, open });
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Role;
    use crate::definition::profile::CellTimes;
    use crate::definition::scenario::{self, Load, LoadKind, Scenario};
    use crate::format::measured::Measured;
    use crate::load::LoadRecord;
    use crate::observe::window::Resources;
    use crate::workload::Kind;
    use registry::{Axes, Ceilings};

    fn reported(asks: Kind, database: &str, counts: Counters, stolen: f64) -> Vec<String> {
        let word = String::new;
        let server = RunServer {
            name: word(),
            role: Role::Contender,
            axes: Axes::from([("database", database)]),
            answers: Vec::new(),
            needs: vec!["mysql".into()],
            control_of: None,
            ceilings: Ceilings::default(),
            twin_of: None,
            built_apart: false,
            variant_of: None,
            pool_size: None,
            revision: None,
            drives_itself: false,
            run: Vec::new(),
            env: Default::default(),
        };
        let cell = Cell {
            scenario: Scenario {
                name: word(),
                path: word(),
                asks,
                timeout: scenario::TIMEOUT,
                about: word(),
            },
            load: Load { name: word(), users: 64, kind: LoadKind::Closed },
            times: CellTimes {
                scenario: word(),
                load: word(),
                warmup_ms: 0,
                warmup_limit_ms: 0,
                settle_ms: 0,
                window_ms: 1000,
                every: 1,
            },
        };
        let resources = Resources {
            steal: Some(Steal { server: 0.01, db: stolen, load: 0.0 }),
            db_counts: Some(counts),
            ..Resources::default()
        };
        let record = LoadRecord { requests_total: 1000, ..LoadRecord::default() };
        let trial = Trial {
            block: 1,
            round: 1,
            server: word(),
            scenario: word(),
            load: word(),
            rate: None,
            measured: Measured { warmup: None, record, resources, other_servers: None },
        };
        let all = warnings(&[&trial], &server, &cell, 32);
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn counters_that_do_not_fit_the_load_are_reported() {
        let (name, mysql) = (Kind::RandomName, "mysql");
        let counts = |queries, connects, connections| -> Counters {
            let values = [
                (Counter::Queries, queries),
                (Counter::Connects, connects),
                (Counter::Connections, connections),
            ];
            values.into_iter().collect()
        };
        assert_eq!(reported(name, mysql, counts(1004, 0, 32), 0.04), [""; 0]);
        assert_eq!(reported(name, mysql, counts(1031, 31, 32), 0.0), [""; 0], "new ones ask");
        assert_eq!(
            reported(name, mysql, counts(1980, 0, 31), 0.12),
            [
                "in 1 of 1 windows the host took up to 12% of a part's CPU time",
                "asked the database 1.98 times a request",
                "32 connections were asked for, 31 open",
            ]
        );
        assert_eq!(reported(Kind::Nothing, mysql, counts(0, 0, 1), 0.0), [""; 0]);
        assert_eq!(reported(name, registry::NONE, counts(0, 0, 0), 0.0), [""; 0]);
    }
}
