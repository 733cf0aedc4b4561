//! What was saturated in a trial, and whether the load did what it was asked to do.

use crate::format::journal::Trial;
use crate::observe::usage::Usage;
use crate::os::placement::{Cpus, Placement};
use crate::units::Nanos;

/// From this share of its CPUs' time on, a server counts as saturated.
const SERVER_SATURATED: f64 = 0.95;
/// From this share on, the CPUs of the database or of the load count as saturated: both wait for others
/// between requests, and reach no more.
const OTHERS_SATURATED: f64 = 0.85;
/// An open load that answered less of what was due fell short.
const ACHIEVED: f64 = 0.995;
/// Connections that are busy for more of the window than this were not idle: the server kept them.
const IDLE: f64 = 0.9;
/// The load's own lateness may be this part of the median response,
const LATE_PART: f64 = 0.1;
/// or this long, whichever is longer.
const LATE: Nanos = Nanos(100_000);

/// What was saturated: any of the three, or none; then perhaps the pool of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit {
    /// The server's CPUs, and mostly by it.
    pub server: bool,
    /// The database's.
    pub database: bool,
    /// The load's.
    pub load: bool,
    /// None of them, and more users asked than there are connections: requests may have waited for one. Inferred,
    /// and not measured.
    pub pool: bool,
    /// Whether the database's CPU time is known.
    pub observed: bool,
}

impl Limit {
    /// Of one trial: a part is the limit when its quota is used up, or the CPUs that it runs on are saturated, and it
    /// uses them more than any part that shares them. `connections` are those that a closed load's requests may wait for;
    /// absent where they ask for none.
    #[must_use]
    pub fn of(trial: &Trial, cpus: &Placement, connections: Option<u32>) -> Limit {
        let resources = &trial.measured.resources;
        let Placement { sets, quota } = cpus;
        let busy = |usage: Usage| usage.busy_cpus(resources.interval);
        let db = resources.db.unwrap_or_default();
        let parts = [
            (&sets.server, quota.server, busy(resources.server), SERVER_SATURATED),
            (&sets.db, quota.db, busy(db), OTHERS_SATURATED),
            (&sets.load, quota.load, busy(resources.load), OTHERS_SATURATED),
        ];
        let is_limit = |&(set, quota, own, threshold): &(&Cpus, Option<f64>, f64, f64)| {
            let sharing = || {
                parts.iter().filter(|(other, ..)| other.overlaps(set)).map(|(.., busy, _)| *busy)
            };
            let set_is_full = sharing().sum::<f64>() / set.count() as f64 >= threshold;
            quota.is_some_and(|quota| own / quota >= threshold)
                || set_is_full && sharing().all(|other| other <= own)
        };
        let [server, database, load] = parts.each_ref().map(is_limit);
        let observed = resources.db.is_some();
        let idle = observed && !(server || database || load);
        let pool = idle && connections.is_some_and(|size| trial.measured.record.users > size);
        Limit { server, database, load, pool, observed }
    }

    /// As it is written in reports.
    #[must_use]
    pub fn name(self) -> String {
        let parts = [
            (self.server, "server"),
            (self.database, "database"),
            (self.load, "load"),
            (self.pool, "pool?"),
        ];
        let named: Vec<_> = parts.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        match (named.is_empty(), self.observed) {
            (false, _) => named.join(" + "),
            (true, true) => "none".into(),
            (true, false) => "unknown".into(),
        }
    }
}

/// The load's share of the CPU time that it may use; 1 is all of it.
#[must_use]
pub fn load_share(trial: &Trial, cpus: &Placement) -> f64 {
    let resources = &trial.measured.resources;
    let quota = cpus.quota.load.unwrap_or(f64::INFINITY);
    let allowed = quota.min(cpus.sets.load.count() as f64);
    resources.load.busy_cpus(resources.interval) / allowed
}

/// Whether the load kept its own CPUs busy: then it bounds what a closed load can find.
#[must_use]
pub fn is_load_bound(trial: &Trial, cpus: &Placement) -> bool {
    load_share(trial, cpus) >= OTHERS_SATURATED
}

/// Whether fewer right answers arrived in the window of an open load than were due.
#[must_use]
pub fn fell_short(trial: &Trial) -> bool {
    achieved(trial) < ACHIEVED
}

/// Right answers within the window of an open load, over the requests that were due in it.
#[must_use]
pub fn achieved(trial: &Trial) -> f64 {
    let record = &trial.measured.record;
    record.right_in_window as f64 / (record.sent + record.unsent).max(1) as f64
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

/// Whether a trial's figures count. An open load that was late has no excuse if it had CPUs of its own; one
/// that shares them could not do better.
#[must_use]
pub fn is_valid(trial: &Trial, open: bool, cpus: &Placement) -> bool {
    !(open && cpus.load_is_alone() && load_was_at_fault(trial))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::measured::Measured;
    use crate::load::LoadRecord;
    use crate::observe::window::Resources;

    fn limit(placement: &str, server: f64, db: Option<f64>, load: f64) -> String {
        limit_with(None, placement, server, db, load)
    }

    /// Of 64 users.
    fn limit_with(
        connections: Option<u32>,
        placement: &str,
        server: f64,
        db: Option<f64>,
        load: f64,
    ) -> String {
        let used = |share: f64| Usage { cpu: Nanos((share * 1e9) as u64), ..Usage::default() };
        let resources = Resources {
            interval: Nanos(1_000_000_000),
            server: used(server),
            db: db.map(used),
            load: used(load),
            ..Resources::default()
        };
        let trial = Trial {
            block: 1,
            server: "s".into(),
            scenario: "c".into(),
            load: "l".into(),
            asked: None,
            measured: Measured {
                warmup: None,
                record: LoadRecord { users: 64, ..LoadRecord::default() },
                resources,
            },
        };
        let (placement, quota) = placement.split_once('@').unwrap_or((placement, ""));
        let mut placement = Placement::parse(placement, &(0..8).collect()).unwrap();
        placement.quota.server = quota.parse().ok();
        Limit::of(&trial, &placement, connections).name()
    }

    #[test]
    fn whoever_uses_saturated_cpus_most_is_the_limit() {
        let shared = "server=0,db=1,load=1";
        assert_eq!(limit(shared, 0.6, Some(0.7), 0.28), "database");
        assert_eq!(limit(shared, 0.6, Some(0.3), 0.65), "load");
        assert_eq!(limit(shared, 0.97, Some(0.3), 0.3), "server");
        assert_eq!(limit(shared, 0.98, Some(0.0), 0.99), "server + load");
        assert_eq!(limit(shared, 0.6, Some(0.2), 0.2), "none");
        assert_eq!(limit(shared, 0.6, None, 0.2), "unknown");
        // One CPU for all: full, and the database has the largest part of it.
        assert_eq!(limit("server=0,db=0,load=0", 0.3, Some(0.5), 0.2), "database");
        // Sets of several CPUs are full only when all of them are.
        assert_eq!(limit("server=0-1,db=2-4,load=5", 1.0, Some(2.0), 0.5), "none");
        assert_eq!(limit("server=0-1,db=2-4,load=5", 1.95, Some(2.9), 0.5), "server + database");
        // A quota may be used up on CPUs that are not full.
        assert_eq!(limit("server=0-7,db=0-7,load=0-7@2", 1.95, Some(2.9), 0.5), "server");
        assert_eq!(limit("server=0-7,db=0-7,load=0-7@2", 1.5, Some(2.9), 0.5), "none");
    }

    #[test]
    fn requests_may_wait_for_connections_only_where_no_cpu_is_what_they_wait_for() {
        let limit = |connections, db| limit_with(connections, "server=0,db=1,load=1", 0.5, db, 0.2);
        assert_eq!(limit(Some(32), Some(0.3)), "pool?");
        assert_eq!(limit(Some(32), Some(0.7)), "database");
        assert_eq!(limit(Some(64), Some(0.3)), "none", "there is one for each user");
        assert_eq!(limit(None, Some(0.3)), "none");
        assert_eq!(limit(Some(32), None), "unknown");
    }
}
