//! The resources that all parts of a trial used between the two ends of its window.

use procfs::{Current, LoadAverage};
use serde::{Deserialize, Serialize};

use super::cpu_times::CpuTimes;
use super::meter::{CpuReading, Meters};
use super::other::other;
use super::processes::cpu_time;
use super::steal::{Steal, steal};
use super::usage::{Threads, Usage};
use crate::database::Counters;
use crate::os::cgroup;
use crate::os::part::{Part, PerPart};
use crate::os::placement::Placement;
use crate::units::{Moment, Nanos};

/// The resources that the parts used between the two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// The time between the two readings on the harness's clock: the window, but for the time that the readings took.
    pub interval: Nanos,
    /// The usage of the server.
    pub server: Usage,
    /// The database's; absent if the harness cannot observe it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub db: Option<Usage>,
    /// The usage of the load, all shards together.
    pub load: Usage,
    /// How long a quota of the harness's own control group, which all parts without one of their own share, kept
    /// them from running; absent without a quota.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub throttled: Option<Nanos>,
    /// What the machine's host took from it; absent if the kernel does not count it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub steal: Option<Steal>,
    /// The share of the time of all CPUs of the run that went to other work: neither to a part nor to the harness, though
    /// the CPUs were busy. A database that the harness cannot observe is other work where it is on the same machine. It
    /// may be a little below 0, since the kernel counts in ticks; absent if the kernel does not count it, and in runs
    /// recorded before it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub other: Option<f64>,
    /// The average number of processes that ran or were ready in the minute before the window, on the whole machine, those
    /// of the run among them; absent where the kernel does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub load_average: Option<f32>,
    /// What the database did from the load's start until it was drained, warm-up included, for all its clients but the
    /// harness; absent if the harness cannot observe it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub db_counts: Option<Counters>,
}

impl Resources {
    /// The usage between a window's two readings, with the right answers that `answers` counts between two moments.
    #[must_use]
    pub fn between(
        first: &Reading,
        last: &Reading,
        answers: impl Fn(Moment, Moment) -> Option<u64>,
        placement: &Placement,
    ) -> Resources {
        let interval = last.at - first.at;
        let PerPart { server, db, load } = first.parts.zip(last.parts).map(|(first, last)| {
            let (first, last) = first.zip(last)?;
            let answers = answers(first.at, last.at);
            Some(Usage { answers, ..first.until(last) })
        });
        let used = [server, db, load].into_iter().flatten().map(|used| used.cpu);
        let own = used.fold(last.own - first.own, |all, one| all + one);
        let cpus = first.cpus.as_ref().zip(last.cpus.as_ref());
        Resources {
            interval,
            server: server.unwrap_or_default(),
            db,
            load: load.unwrap_or_default(),
            throttled: first.throttled.zip(last.throttled).map(|(first, last)| last - first),
            steal: cpus.map(|(first, last)| steal(first, last, placement)),
            other: cpus.map(|(first, last)| other(first, last, own, placement)),
            load_average: first.load_average,
            db_counts: None,
        }
    }

    /// The same with what was counted from before the load's start until after its drain, by the threads and by the
    /// database, and with the server's connections then.
    #[must_use]
    pub fn with_counts(
        self,
        threads: (Counted, Counted),
        counters: Option<(Counters, Counters)>,
        connections: Option<u64>,
    ) -> Resources {
        let PerPart { server, db, load } = threads.0.zip(threads.1);
        let with = |both: (Option<Threads>, Option<Threads>), usage: Usage| match both {
            (Some(before), Some(after)) => before.until(after, usage),
            _ => usage,
        };
        Resources {
            server: Usage { connections, ..with(server, self.server) },
            db: self.db.map(|usage| with(db, usage)),
            load: with(load, self.load),
            db_counts: counters.map(|(before, after)| Counters::between(&before, &after)),
            ..self
        }
    }

    /// The resources that were used in this window and a later one together.
    #[must_use]
    pub fn and(&self, later: &Resources) -> Resources {
        // A share of both, each weighed by its length.
        let weighed = |one: f64, other: f64| {
            let (a, b) = (self.interval.as_secs(), later.interval.as_secs());
            (one * a + other * b) / (a + b)
        };
        Resources {
            interval: self.interval + later.interval,
            server: self.server.and(later.server),
            db: self.db.zip(later.db).map(|(one, other)| one.and(other)),
            load: self.load.and(later.load),
            throttled: self.throttled.zip(later.throttled).map(|(one, other)| one + other),
            steal: self
                .steal
                .zip(later.steal)
                .map(|(one, other)| one.zip(other).map(|(one, other)| weighed(one, other))),
            other: self.other.zip(later.other).map(|(one, other)| weighed(one, other)),
            load_average: self
                .load_average
                .zip(later.load_average)
                .map(|(one, other)| one.max(other)),
            db_counts: self.db_counts.zip(later.db_counts).map(|(one, other)| one.and(&other)),
        }
    }
}

/// The part that ended while it was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Which part.
    pub part: Part,
    /// What the kernel says.
    pub reason: String,
}

/// What one part had used when its meter was read.
#[derive(Clone, Copy, Debug)]
struct PartReading {
    at: Moment,
    cpu: Nanos,
    throttled: Option<Nanos>,
    files: Option<u64>,
    anonymous_kib: u64,
}

impl PartReading {
    /// The usage in the window that begins with this reading and ends with `last`.
    fn until(self, last: PartReading) -> Usage {
        Usage {
            cpu: last.cpu - self.cpu,
            interval: Some(last.at - self.at),
            anonymous_kib: self.anonymous_kib.max(last.anonymous_kib),
            files: self.files.max(last.files),
            throttled: self.throttled.zip(last.throttled).map(|(first, last)| last - first),
            ..Usage::default()
        }
    }
}

/// What the threads of all parts have counted.
pub type Counted = PerPart<Option<Threads>>;

/// Reads what the threads of all parts have counted. Not to be called within a window, as it takes long.
#[must_use]
pub fn counted(meters: &Meters) -> Counted {
    meters.as_ref().map(|meter| meter.as_ref().map(|meter| meter.threads()))
}

/// What all parts had used at one end of a window.
#[derive(Clone, Debug)]
pub struct Reading {
    at: Moment,
    parts: PerPart<Option<PartReading>>,
    throttled: Option<Nanos>,
    cpus: Option<CpuTimes>,
    /// CPU time of the harness.
    own: Nanos,
    load_average: Option<f32>,
}

impl Reading {
    /// Reads all meters now. CPU times come first, next to each other; everything else may be late.
    ///
    /// # Errors
    /// When the server or the load is gone. A database that is gone has no reading: the run notices its loss by itself.
    pub fn take(meters: &Meters) -> Result<Reading, Gone> {
        let at = Moment::now();
        let mut cpu = meters.as_ref().map(|meter| meter.as_ref().map(|meter| meter.cpu()));
        let cpus = CpuTimes::read();
        let own = cpu_time(std::process::id()).unwrap_or_default();
        let mut parts = PerPart::default();
        for (part, meter) in meters.iter() {
            let Some((meter, cpu)) = meter.as_ref().zip(cpu.get_mut(part).take()) else { continue };
            match cpu {
                Ok(CpuReading { at, cpu }) => {
                    let (throttled, files) = (meter.throttled(), meter.files());
                    let anonymous_kib = meter.anonymous_kib();
                    *parts.get_mut(part) =
                        Some(PartReading { at, cpu, throttled, files, anonymous_kib });
                }
                Err(_) if part == Part::Db => {}
                Err(error) => return Err(Gone { part, reason: error.to_string() }),
            }
        }
        let throttled = cgroup::throttled();
        let load_average = LoadAverage::current().ok().map(|average| average.one);
        Ok(Reading { at, parts, throttled, cpus, own, load_average })
    }

    /// Raises the memory of this reading to what its processes have now, where that is more: taken between the
    /// two ends of a window, samples find the peak that the ends miss.
    pub fn sample(&mut self, meters: &Meters) {
        for (part, meter) in meters.iter() {
            if let Some((reading, meter)) = self.parts.get_mut(part).as_mut().zip(meter.as_ref()) {
                reading.anonymous_kib = reading.anonymous_kib.max(meter.anonymous_kib());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::meter::Meter;
    use std::cell::Cell;
    use std::io;

    /// A meter on another machine, whose clock began at another time. Each reading finds 5 ns of CPU time more.
    struct Remote {
        clock: u64,
        readings: Cell<u64>,
        samples: Cell<usize>,
    }

    impl Meter for Remote {
        fn cpu(&self) -> io::Result<CpuReading> {
            let count = self.readings.replace(self.readings.get() + 1);
            if count > 1 {
                return Err(io::Error::other("gone"));
            }
            Ok(CpuReading { at: Moment(self.clock + 100 * count), cpu: Nanos(5 * count) })
        }

        fn throttled(&self) -> Option<Nanos> {
            Some(Nanos(3 * self.readings.get()))
        }

        fn files(&self) -> Option<u64> {
            None
        }

        fn threads(&self) -> Threads {
            Threads { count: 2, waits: 7 * self.readings.get(), preemptions: 0 }
        }

        fn connections(&self) -> Option<u64> {
            Some(32)
        }

        fn anonymous_kib(&self) -> u64 {
            // The first end, between the two, the last end.
            [3, 9, 4][self.samples.replace(self.samples.get() + 1)]
        }
    }

    fn remote(clock: u64) -> Option<Box<dyn Meter>> {
        Some(Box::new(Remote { clock, readings: Cell::new(0), samples: Cell::new(0) }))
    }

    #[test]
    fn each_part_has_the_interval_of_its_own_clock_and_the_peak_of_its_memory() {
        let meters = Meters { server: remote(7), db: remote(u64::MAX / 2), load: None };
        let before = counted(&meters);
        let mut first = Reading::take(&meters).unwrap();
        first.sample(&meters);
        let last = Reading::take(&meters).unwrap();
        let placement = Placement::by_size(&(0..2).collect());
        let used = Resources::between(&first, &last, |_, _| Some(7), &placement);
        let connections = meters.server.as_ref().and_then(|meter| meter.connections());
        let used = used.with_counts((before, counted(&meters)), None, connections);
        let expected = Usage {
            cpu: Nanos(5),
            interval: Some(Nanos(100)),
            answers: Some(7),
            anonymous_kib: 9,
            waits: Some(14),
            preemptions: Some(0),
            threads: Some(2),
            throttled: Some(Nanos(3)),
            ..Usage::default()
        };
        assert_eq!(used.server, Usage { connections: Some(32), ..expected });
        assert_eq!(used.db, Some(expected));
        assert_eq!(used.load, Usage::default(), "a server that drives itself has no load");
        let gone = Reading::take(&meters).unwrap_err();
        assert_eq!(gone, Gone { part: Part::Server, reason: "gone".into() });
    }
}
