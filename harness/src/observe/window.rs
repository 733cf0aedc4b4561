//! What all parts of a trial used between the two ends of its window.

use std::process::Child;

use serde::{Deserialize, Serialize};

use super::cgroup;
use super::counts::DbCounts;
use super::part::Part;
use super::steal::{Steal, Stolen};
use crate::backend::{Backend, Instance, Usage};
use crate::database::Counters;
use crate::placement::Placement;
use crate::trial::TrialError;
use crate::units::Nanos;

/// What the parts used between the two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// Between the two readings: the window, but for the time the readings took.
    pub interval: Nanos,
    /// The server's.
    pub server: Usage,
    /// The database's; absent if it is not ours to observe.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub db: Option<Usage>,
    /// The load's, all shards together.
    pub load: Usage,
    /// How long a quota of the harness's own control group, which all parts without one of their own share, kept
    /// them from running; absent without a quota.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub throttled: Option<Nanos>,
    /// What the machine's host took from it; absent if the kernel does not tell.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub steal: Option<Steal>,
    /// What the load made the database do; absent if that is not ours to observe.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub db_counts: Option<DbCounts>,
}

impl Resources {
    /// Between a window's two readings, and what the database counted from `before` the load until now.
    #[must_use]
    pub fn between(
        first: &Reading,
        last: &Reading,
        before: Option<Counters>,
        backend: &dyn Backend,
    ) -> Resources {
        let counters = before.zip(backend.database_counters());
        let db_counts = counters.map(|(before, after)| DbCounts::between(&before, &after));
        Resources { db_counts, ..first.until(last, backend.placement()) }
    }
}

/// What all parts had used at one moment.
#[derive(Clone, Debug)]
pub struct Reading {
    at: Nanos,
    server: Usage,
    db: Option<Usage>,
    load: Usage,
    throttled: Option<Nanos>,
    stolen: Option<Stolen>,
}

/// All parts of a trial.
#[derive(Clone, Debug)]
pub struct Parts {
    server: Part,
    db: Option<Part>,
    /// One or more that make up the load; none where the server drives itself.
    load: Vec<Part>,
}

impl Parts {
    /// Finds them. That takes long where a server has many threads and its CPUs are busy, so it is done before the
    /// window: a server that starts or ends processes within it is observed as it was then.
    ///
    /// # Errors
    /// When the server or the load is gone.
    pub fn find(
        backend: &dyn Backend,
        instance: &mut dyn Instance,
        loads: &[Child],
    ) -> Result<Parts, TrialError> {
        Ok(Parts {
            server: instance.part()?,
            db: backend.database_part(),
            load: if loads.is_empty() { Vec::new() } else { backend.load_parts(loads)? },
        })
    }
}

impl Reading {
    /// Reads now. CPU times come first, next to the moment and to each other: all else takes longer, and bears
    /// being late.
    ///
    /// # Errors
    /// When the server or a shard of the load is gone.
    pub fn take(parts: &Parts, instance: &mut dyn Instance) -> Result<Reading, TrialError> {
        let at = Nanos::now();
        let server = parts.server.cpu();
        let db = parts.db.as_ref().map(Part::cpu);
        let shards: Vec<_> = parts.load.iter().map(Part::cpu).collect();

        let server = match server {
            Ok(cpu) => parts.server.usage(cpu),
            // It ended since it was found, and tells why when it is asked again.
            Err(_) => return Err(instance.gone().into()),
        };
        let db = parts.db.as_ref().zip(db).and_then(|(db, cpu)| Some(db.usage(cpu.ok()?)));
        let mut load: Option<Usage> = None;
        for (shard, cpu) in parts.load.iter().zip(shards) {
            let cpu = cpu.map_err(|error| TrialError::Load(format!("it is gone: {error}")))?;
            let shard = shard.usage(cpu);
            load = Some(load.map_or(shard, |load| load + shard));
        }
        Ok(Reading {
            at,
            server,
            db,
            load: load.unwrap_or_default(),
            throttled: cgroup::throttled(),
            stolen: Stolen::read(),
        })
    }

    /// Raises the memory of this reading to what its processes have now, where that is more: taken between the
    /// two ends of a window, samples find the peak that the ends miss.
    pub fn sample(&mut self, parts: &Parts) {
        self.server.raise(parts.server.anonymous_kib());
        if let Some((db, part)) = self.db.as_mut().zip(parts.db.as_ref()) {
            db.raise(part.anonymous_kib());
        }
        self.load.raise(parts.load.iter().map(Part::anonymous_kib).sum());
    }

    /// What was used from here to `last`; without what the database counted, which is read apart.
    fn until(&self, last: &Reading, placement: &Placement) -> Resources {
        let interval = last.at - self.at;
        Resources {
            interval,
            server: self.server.until(last.server),
            db: self.db.zip(last.db).map(|(first, last)| first.until(last)),
            load: self.load.until(last.load),
            throttled: self.throttled.zip(last.throttled).map(|(first, last)| last - first),
            steal: self
                .stolen
                .as_ref()
                .zip(last.stolen.as_ref())
                .map(|(first, last)| first.until(last, interval, placement)),
            db_counts: None,
        }
    }
}
