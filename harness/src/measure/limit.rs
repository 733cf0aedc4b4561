//! Which part was saturated in a trial, and whether the load kept to its schedule.

use crate::format::journal::Trial;
use crate::observe::usage::Usage;
use crate::os::placement::{Cpus, Placement};
use crate::units::Nanos;

/// The share of its CPUs' time from which a server counts as saturated.
const SERVER_SATURATED: f64 = 0.95;
/// The share of its CPUs' time from which the database or the load counts as saturated. It is lower than the
/// server's, because both wait for others between requests and reach no more.
const OTHERS_SATURATED: f64 = 0.85;
/// An open load that answers less than this share of what was due has fallen short.
const ACHIEVED: f64 = 0.995;
/// Connections that are busy for more than this share of the window were kept busy by the server, not idle.
const IDLE: f64 = 0.9;
/// The share of the median response that the load's own lateness may reach.
const LATE_SHARE: f64 = 0.1;
/// The lateness that is always tolerated, whatever the median response is.
const LATE: Nanos = Nanos(100_000);

/// What was saturated in a trial: any of the parts, or none of them, in which case it may be the connection pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit {
    /// Whether the server's CPUs were saturated, mostly by the server.
    pub server: bool,
    /// Whether the database's CPUs were saturated, mostly by the database.
    pub database: bool,
    /// Whether the load's CPUs were saturated, mostly by the load.
    pub load: bool,
    /// Whether no part was saturated although there were more users than database connections, so that requests may
    /// have waited for one. This is inferred, not measured.
    pub pool: bool,
    /// Whether the database's CPU time is known.
    pub observed: bool,
}

impl Limit {
    /// Finds what was saturated in one trial.
    ///
    /// A part is the limit when its quota is used up, or when its CPUs are saturated and it uses them more than every
    /// part that shares them. `connections` is the number of database connections that the requests of a closed load
    /// may wait for; `None` where they need none.
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
        let load = load && !trial.measured.record.kept_awake();
        let observed = resources.db.is_some();
        let idle = observed && !(server || database || load);
        let pool = idle && connections.is_some_and(|size| trial.measured.record.users > size);
        Limit { server, database, load, pool, observed }
    }

    /// The text that reports use.
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

/// Whether the load kept its own CPUs busy, so that it limits the goodput of a closed load.
#[must_use]
pub fn is_load_bound(trial: &Trial, cpus: &Placement) -> bool {
    load_share(trial, cpus) >= OTHERS_SATURATED
}

/// Whether fewer right answers arrived in the window of an open load than were due, by more than one that came just after
/// the window's end.
#[must_use]
pub fn fell_short(trial: &Trial) -> bool {
    let record = &trial.measured.record;
    let due = (record.sent + record.unsent) as f64;
    ((record.right_in_window + 1) as f64) < ACHIEVED * due
}

/// The right answers in the window of an open load, divided by the requests that were due in it.
#[must_use]
pub fn achieved(trial: &Trial) -> f64 {
    let record = &trial.measured.record;
    record.right_in_window as f64 / (record.sent + record.unsent).max(1) as f64
}

/// Whether the load itself, not the server, kept an open load from its schedule: it fell short although connections
/// were idle, or it sent requests late for reasons of its own.
#[must_use]
pub fn load_was_at_fault(trial: &Trial) -> bool {
    let record = &trial.measured.record;
    let busy =
        record.connections_busy.as_secs() / record.window.as_secs() / f64::from(record.users);
    let tolerated = LATE.0.max((LATE_SHARE * record.response.quantile(0.5).0 as f64) as u64);
    (fell_short(trial) && record.failed() == 0 && busy < IDLE)
        || record.own_lateness.quantile(0.99).0 > tolerated
}

/// Whether a trial's figures count. A late open load invalidates a trial only where it had CPUs of its own; where it
/// shares them, lateness cannot be avoided.
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

    /// The name of the limit for 64 users.
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
            round: 1,
            server: "s".into(),
            scenario: "c".into(),
            load: "l".into(),
            rate: None,
            measured: Measured {
                warmup: None,
                record: LoadRecord { users: 64, ..LoadRecord::default() },
                resources,
                other_servers: None,
            },
        };
        let (placement, quota) = placement.split_once('@').unwrap_or((placement, ""));
        let mut placement = Placement::parse(placement, &(0..8).collect()).unwrap();
        placement.quota.server = quota.parse().ok();
        Limit::of(&trial, &placement, connections).name()
    }

    #[test]
    fn the_part_that_uses_saturated_cpus_most_is_the_limit() {
        let shared = "server=0,db=1,load=1";
        assert_eq!(limit(shared, 0.6, Some(0.7), 0.28), "database");
        assert_eq!(limit(shared, 0.6, Some(0.3), 0.65), "load");
        assert_eq!(limit(shared, 0.97, Some(0.3), 0.3), "server");
        assert_eq!(limit(shared, 0.98, Some(0.0), 0.99), "server + load");
        assert_eq!(limit(shared, 0.6, Some(0.2), 0.2), "none");
        assert_eq!(limit(shared, 0.6, None, 0.2), "unknown");
        // One CPU for all parts is full, and the database uses most of it.
        assert_eq!(limit("server=0,db=0,load=0", 0.3, Some(0.5), 0.2), "database");
        // A set of several CPUs is full only when all of them are busy.
        assert_eq!(limit("server=0-1,db=2-4,load=5", 1.0, Some(2.0), 0.5), "none");
        assert_eq!(limit("server=0-1,db=2-4,load=5", 1.95, Some(2.9), 0.5), "server + database");
        // A quota can be used up although its CPUs are not full.
        assert_eq!(limit("server=0-7,db=0-7,load=0-7@2", 1.95, Some(2.9), 0.5), "server");
        assert_eq!(limit("server=0-7,db=0-7,load=0-7@2", 1.5, Some(2.9), 0.5), "none");
    }

    #[test]
    fn the_pool_is_the_limit_only_where_no_cpu_is_saturated() {
        let limit = |connections, db| limit_with(connections, "server=0,db=1,load=1", 0.5, db, 0.2);
        assert_eq!(limit(Some(32), Some(0.3)), "pool?");
        assert_eq!(limit(Some(32), Some(0.7)), "database");
        assert_eq!(limit(Some(64), Some(0.3)), "none", "there is one for each user");
        assert_eq!(limit(None, Some(0.3)), "none");
        assert_eq!(limit(Some(32), None), "unknown");
    }
}
