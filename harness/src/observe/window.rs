//! What all parts of a trial used between the two ends of its window.

use serde::{Deserialize, Serialize};

use super::meter::Meter;
use super::steal::{Steal, Stolen};
use super::usage::Usage;
use crate::database::Counters;
use crate::os::cgroup;
use crate::os::placement::Placement;
use crate::units::{Moment, Nanos};

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
    /// What the database did from the load's start until it was drained, warm-up included, for all its clients but the
    /// harness; absent if the harness cannot observe it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub db_counts: Option<Counters>,
}

impl Resources {
    /// The usage between a window's two readings, and what the database counted between `counters`, which are read
    /// before the load's start and after its drain.
    #[must_use]
    pub fn between(
        first: &Reading,
        last: &Reading,
        counters: Option<(Counters, Counters)>,
        placement: &Placement,
    ) -> Resources {
        let db_counts = counters.map(|(before, after)| Counters::between(&before, &after));
        Resources { db_counts, ..first.until(last, placement) }
    }
}

/// The part that ended while it was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The server.
    Server,
    /// A shard of the load, and what the kernel says.
    Load(String),
}

/// What all parts had used at one moment.
#[derive(Clone, Debug)]
pub struct Reading {
    at: Moment,
    server: Usage,
    db: Option<Usage>,
    load: Usage,
    throttled: Option<Nanos>,
    stolen: Option<Stolen>,
}

/// All parts of a trial.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The server.
    pub server: Meter,
    /// The database; absent if it is not ours to observe.
    pub db: Option<Meter>,
    /// The processes that make up the load; none where the server drives itself.
    pub load: Vec<Meter>,
}

impl Reading {
    /// Reads now. CPU times come first, next to the moment and to each other: all else takes longer, and bears
    /// being late.
    ///
    /// # Errors
    /// When the server or a shard of the load is gone.
    pub fn take(parts: &Parts) -> Result<Reading, Gone> {
        let at = Moment::now();
        let server = parts.server.cpu();
        let db = parts.db.as_ref().map(Meter::cpu);
        let shards: Vec<_> = parts.load.iter().map(Meter::cpu).collect();

        let server = match server {
            Ok(cpu) => parts.server.usage(cpu),
            Err(_) => return Err(Gone::Server),
        };
        let db = parts.db.as_ref().zip(db).and_then(|(db, cpu)| Some(db.usage(cpu.ok()?)));
        let mut load: Option<Usage> = None;
        for (shard, cpu) in parts.load.iter().zip(shards) {
            let cpu = cpu.map_err(|error| Gone::Load(error.to_string()))?;
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
        self.load.raise(parts.load.iter().map(Meter::anonymous_kib).sum());
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
