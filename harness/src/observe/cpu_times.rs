//! What each CPU of a machine did, by the kernel's account in `/proc/stat`.

use std::fs;

use crate::os::placement::Cpus;
use crate::units::{Moment, Nanos};

/// A tick of `/proc/stat`: `USER_HZ` is 100 on every architecture that Linux still has but alpha and ia64.
const TICK: Nanos = Nanos(10_000_000);

/// What the CPUs of a machine did since it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CpuTimes {
    pub(super) at: Moment,
    cpus: Vec<CpuTime>,
}

/// What one CPU did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CpuTime {
    number: usize,
    /// It had nothing to do, or waited for a disk.
    idle: Nanos,
    /// It was ready, and the machine's host ran others.
    stolen: Nanos,
}

impl CpuTimes {
    /// The times until now; absent if the kernel does not count them. Inside a container too, they are the machine's.
    pub(super) fn read() -> Option<CpuTimes> {
        let at = Moment::now();
        let times = CpuTimes::parse(at, &fs::read_to_string("/proc/stat").ok()?);
        Some(times).filter(|times| !times.cpus.is_empty())
    }

    // The crate `procfs` drops the numbers of the CPUs, so one that is offline would shift those after it.
    pub(super) fn parse(at: Moment, stat: &str) -> CpuTimes {
        let cpus = stat.lines().filter_map(|line| {
            let (name, times) = line.split_once(' ')?;
            let number = name.strip_prefix("cpu")?.parse().ok()?;
            // user nice system idle iowait irq softirq steal
            let ticks: Vec<u64> =
                times.split_whitespace().map_while(|ticks| ticks.parse().ok()).collect();
            let time = |ticks: u64| Nanos(ticks * TICK.0);
            let [_, _, _, idle, iowait, _, _, steal, ..] = ticks[..] else { return None };
            Some(CpuTime { number, idle: time(idle + iowait), stolen: time(steal) })
        });
        CpuTimes { at, cpus: cpus.collect() }
    }

    /// The time that the host took from some CPUs between this reading and `later`.
    pub(super) fn stolen(&self, later: &CpuTimes, cpus: &Cpus) -> Nanos {
        self.grown(later, cpus, |time| time.stolen)
    }

    /// The time for which some CPUs ran anything at all between this reading and `later`.
    ///
    /// It is what is left of the time between the two, because the kernel counts idle time to the microsecond, but
    /// attributes busy time by what it finds at each tick.
    pub(super) fn busy(&self, later: &CpuTimes, cpus: &Cpus) -> Nanos {
        let all = Nanos((later.at - self.at).0 * cpus.count() as u64);
        all - self.grown(later, cpus, |time| time.idle + time.stolen)
    }

    fn grown(&self, later: &CpuTimes, cpus: &Cpus, of: impl Fn(&CpuTime) -> Nanos) -> Nanos {
        let sum = |times: &CpuTimes| {
            let theirs = times.cpus.iter().filter(|time| cpus.iter().any(|cpu| cpu == time.number));
            Nanos(theirs.map(|time| of(time).0).sum())
        };
        sum(later) - sum(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_is_busy_when_it_neither_waits_nor_is_taken_away() {
        let stat = |at, ticks: [&str; 2]| {
            let [first, second] = ticks;
            let stat =
                format!("cpu  1 2 3 4 5 6 7 8 0 0\ncpu0 {first} 0 0\ncpu3 {second} 0 0\nintr 5\n");
            CpuTimes::parse(Moment(at), &stat)
        };
        let first = stat(5, ["10 0 1 400 20 0 7 100", "1 0 1 400 0 0 7 7"]);
        let later = stat(1_000_000_005, ["50 0 1 430 22 0 8 118", "1 0 1 499 0 0 7 8"]);
        let all: Cpus = [0, 3].into_iter().collect();
        let one: Cpus = [0].into_iter().collect();
        let millis = |count: u64| Nanos(count * 1_000_000);
        assert_eq!(first.stolen(&later, &one), millis(180));
        assert_eq!(first.stolen(&later, &all), millis(190));
        // Of a second, one was idle for 300 ms, waited for 20 and lost 180.
        assert_eq!(first.busy(&later, &one), millis(500));
        assert_eq!(first.busy(&later, &all), millis(500));
        assert_eq!(CpuTimes::parse(Moment(0), "cpu0 1 2 3 4 5 6 7\n").cpus, [], "too old a kernel");
    }
}
