//! The resources that one part has used.

use serde::{Deserialize, Serialize};

use crate::units::Nanos;

/// The resources that all processes of one part have used, since they started or in a window.
///
/// A figure that a backend cannot know is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// CPU time, in the user's mode and the kernel's. Over the loopback interface a sender's CPU also does the receiver's part
    /// of TCP, on the sender's account.
    pub cpu: Nanos,
    /// The time between a window's two readings, on the clock of the part's machine; absent outside a window, and in
    /// earlier runs, whose parts were all read at one moment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interval: Option<Nanos>,
    /// The right answers of the load between the same two readings; absent outside a window, where the load did not count them,
    /// and in earlier runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answers: Option<u64>,
    /// Anonymous memory: what is truly theirs, without the page cache; pages that processes have shared since a
    /// fork count for each of them. A window has the largest of all samples.
    pub anonymous_kib: u64,
    /// How often a thread gave up its CPU to wait, from before the load's start until it was drained, counted over the threads
    /// that were there: a thread that has ended took its count along. Absent where there were fewer threads afterwards, and
    /// in earlier runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waits: Option<u64>,
    /// How often a thread had to give up its CPU to another, counted alike.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub preemptions: Option<u64>,
    /// What `waits` is, but within the window alone; only in earlier runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub voluntary_switches: Option<u64>,
    /// What `preemptions` is, but within the window alone; only in earlier runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub involuntary_switches: Option<u64>,
    /// Threads: the larger number of before the load's start and after its end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub threads: Option<u64>,
    /// Open file descriptors. A window has the larger number of its two ends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub files: Option<u64>,
    /// TCP connections that it has opened to others, not those that it has accepted, after the load's end; absent where that
    /// cannot be seen, for other parts than the server, and in runs recorded before it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connections: Option<u64>,
    /// How long a quota kept it from running; absent if it has no control group of its own, or no quota.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub throttled: Option<Nanos>,
}

impl Usage {
    /// The usage in this window and a later one together.
    #[must_use]
    pub fn and(self, later: Usage) -> Usage {
        let sum = |a: Option<u64>, b: Option<u64>| Some(a? + b?);
        let time = |a: Option<Nanos>, b: Option<Nanos>| Some(a? + b?);
        Usage {
            cpu: self.cpu + later.cpu,
            interval: time(self.interval, later.interval),
            answers: sum(self.answers, later.answers),
            anonymous_kib: self.anonymous_kib.max(later.anonymous_kib),
            waits: sum(self.waits, later.waits),
            preemptions: sum(self.preemptions, later.preemptions),
            voluntary_switches: sum(self.voluntary_switches, later.voluntary_switches),
            involuntary_switches: sum(self.involuntary_switches, later.involuntary_switches),
            threads: self.threads.max(later.threads),
            files: self.files.max(later.files),
            connections: self.connections.max(later.connections),
            throttled: time(self.throttled, later.throttled),
        }
    }

    /// The seconds between the part's two readings, in a window that was `window` long by the harness's clock.
    #[must_use]
    pub fn seconds(&self, window: Nanos) -> f64 {
        self.interval.unwrap_or(window).as_secs()
    }

    /// How many CPUs it kept busy in a window that was `window` long by the harness's clock.
    #[must_use]
    pub fn busy_cpus(&self, window: Nanos) -> f64 {
        self.cpu.as_secs() / self.seconds(window)
    }
}

/// What the threads of a part have counted since they started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Threads {
    /// How many there are.
    pub count: u64,
    /// How often one gave up its CPU to wait.
    pub waits: u64,
    /// How often one had to give up its CPU to another.
    pub preemptions: u64,
}

impl Threads {
    /// Adds what they counted from this reading until `last` to a usage.
    #[must_use]
    pub fn until(self, last: Threads, usage: Usage) -> Usage {
        // A thread that has ended took its counts along.
        let whole = self.count <= last.count;
        let grown = |first: u64, last: u64| last.checked_sub(first).filter(|_| whole);
        Usage {
            waits: grown(self.waits, last.waits),
            preemptions: grown(self.preemptions, last.preemptions),
            threads: Some(self.count.max(last.count)),
            ..usage
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_ended_took_their_counts_along() {
        let threads = |count, waits| Threads { count, waits, preemptions: 2 };
        let used = threads(4, 10).until(threads(5, 15), Usage::default());
        assert_eq!((used.waits, used.preemptions, used.threads), (Some(5), Some(0), Some(5)));
        let used = threads(4, 10).until(threads(3, 15), Usage::default());
        assert_eq!((used.waits, used.preemptions, used.threads), (None, None, Some(4)));
    }

    #[test]
    fn a_part_is_busy_by_the_time_between_its_own_readings() {
        let used = Usage { cpu: Nanos(4), ..Usage::default() };
        assert_eq!(used.busy_cpus(Nanos(2)), 2.0);
        assert_eq!(Usage { interval: Some(Nanos(8)), ..used }.busy_cpus(Nanos(2)), 0.5);
    }
}
