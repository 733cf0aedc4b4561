//! What was saturated in a trial, and whether the load did what it was asked to do.

use crate::format::journal::Trial;
use crate::placement::Placement;
use crate::units::Nanos;

/// From this share of its CPUs' time on, a server counts as saturated.
pub const SATURATED: f64 = 0.95;
/// From this share on, the load's own CPU time, or that of the CPUs it shares with the database, bounds
/// what can be asked.
pub const LOAD_BOUND: f64 = 0.85;
/// An open load that answered less of what was due fell short.
pub const ACHIEVED: f64 = 0.995;
/// Connections that are busy for more of the window than this were not idle: the server kept them.
const IDLE: f64 = 0.9;
/// The load's own lateness may be this part of the median response,
const LATE_PART: f64 = 0.1;
/// or this long, whichever is longer.
const LATE: Nanos = Nanos(100_000);

/// What was saturated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bottleneck {
    /// The server's CPUs.
    Server,
    /// The CPUs the database runs on.
    Database,
    /// The CPUs the load runs on.
    Load,
    /// Nothing: an open load below capacity.
    None,
}

impl Bottleneck {
    /// As it is written in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Bottleneck::Server => "server",
            Bottleneck::Database => "database",
            Bottleneck::Load => "load",
            Bottleneck::None => "none",
        }
    }

    /// Of one trial: the server, where its CPUs were saturated; else the larger user of the CPUs that
    /// were, where parts share them; nothing, where no CPUs were.
    #[must_use]
    pub fn of(trial: &Trial, cpus: &Placement) -> Bottleneck {
        let (load, db) = (load_secs(trial), db_secs(trial));
        if server_share(trial, cpus) >= SATURATED {
            Bottleneck::Server
        } else if cpus.load.overlaps(&cpus.db) {
            match share(trial, load + db, cpus.load.count()) {
                busy if busy < LOAD_BOUND => Bottleneck::None,
                _ if db > load => Bottleneck::Database,
                _ => Bottleneck::Load,
            }
        } else if share(trial, load, cpus.load.count()) >= LOAD_BOUND {
            Bottleneck::Load
        } else if share(trial, db, cpus.db.count()) >= LOAD_BOUND {
            Bottleneck::Database
        } else {
            Bottleneck::None
        }
    }
}

/// The server's share of its CPUs' time.
#[must_use]
pub fn server_share(trial: &Trial, cpus: &Placement) -> f64 {
    share(trial, trial.measured.resources.server.cpu.as_secs(), cpus.server.count())
}

/// The load's share of its CPUs' time.
#[must_use]
pub fn load_share(trial: &Trial, cpus: &Placement) -> f64 {
    share(trial, load_secs(trial), cpus.load.count())
}

fn load_secs(trial: &Trial) -> f64 {
    trial.measured.resources.load.cpu.as_secs()
}

fn db_secs(trial: &Trial) -> f64 {
    trial.measured.resources.db.unwrap_or_default().cpu.as_secs()
}

fn share(trial: &Trial, cpu_secs: f64, cpus: usize) -> f64 {
    cpu_secs / trial.measured.resources.interval.as_secs() / cpus as f64
}

/// Whether fewer right answers arrived in the window of an open load than were due.
#[must_use]
pub fn fell_short(trial: &Trial) -> bool {
    let record = &trial.measured.record;
    (record.right_in_window as f64) < ACHIEVED * (record.sent + record.unsent) as f64
}

/// Whether an open load did not ask as it was asked to: it fell short although connections were idle,
/// or it was late by its own doing. What a server does to it is not its fault.
#[must_use]
pub fn load_was_at_fault(trial: &Trial) -> bool {
    let record = &trial.measured.record;
    let busy =
        record.connections_busy.as_secs() / record.window.as_secs() / f64::from(record.users);
    let tolerated = LATE.0.max((LATE_PART * record.response.quantile(0.5).0 as f64) as u64);
    (fell_short(trial) && record.failed() == 0 && busy < IDLE)
        || record.own_lateness.quantile(0.99).0 > tolerated
}
