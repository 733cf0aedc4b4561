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
    /// How often a thread gave up its CPU to wait, counted over the threads that are there: a thread that has ended took
    /// its count along. Absent for a window that ended with fewer threads than it began with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub voluntary_switches: Option<u64>,
    /// How often a thread had to give up its CPU to another, counted over the same threads.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub involuntary_switches: Option<u64>,
    /// Threads. A window has the larger number of its two ends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub threads: Option<u64>,
    /// Open file descriptors. A window has the larger number of its two ends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub files: Option<u64>,
    /// TCP connections that it has opened to others, not those that it has accepted. A window has the larger number of
    /// its two ends; absent where that cannot be seen, and in runs recorded before it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connections: Option<u64>,
    /// How long a quota kept it from running; absent if it has no control group of its own, or no quota.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub throttled: Option<Nanos>,
}

impl Usage {
    /// The usage in the window that begins with this reading and ends with `last`.
    #[must_use]
    pub fn until(self, last: Usage) -> Usage {
        let whole = self.threads <= last.threads;
        let grown = |first: Option<u64>, last: Option<u64>| {
            first.zip(last).filter(|_| whole).and_then(|(first, last)| last.checked_sub(first))
        };
        Usage {
            cpu: last.cpu - self.cpu,
            interval: None,
            answers: None,
            anonymous_kib: self.anonymous_kib.max(last.anonymous_kib),
            voluntary_switches: grown(self.voluntary_switches, last.voluntary_switches),
            involuntary_switches: grown(self.involuntary_switches, last.involuntary_switches),
            threads: self.threads.max(last.threads),
            files: self.files.max(last.files),
            connections: self.connections.max(last.connections),
            throttled: self.throttled.zip(last.throttled).map(|(first, last)| last - first),
        }
    }

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

    /// Raises the memory to a later sample, where that is more.
    pub fn raise(&mut self, anonymous_kib: u64) {
        self.anonymous_kib = self.anonymous_kib.max(anonymous_kib);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_differences_peaks_and_no_switches_that_went_with_a_thread() {
        let used = |cpu, memory, switches, threads| Usage {
            cpu: Nanos(cpu),
            anonymous_kib: memory,
            voluntary_switches: Some(switches),
            threads: Some(threads),
            ..Usage::default()
        };
        let mut first = used(5, 100, 10, 4);
        first.raise(300);
        let window = first.until(used(9, 200, 15, 5));
        assert_eq!(window, used(4, 300, 5, 5));
        assert_eq!(used(5, 1, 10, 4).until(used(9, 1, 15, 3)).voluntary_switches, None);
        assert_eq!(window.busy_cpus(Nanos(2)), 2.0);
        assert_eq!(Usage { interval: Some(Nanos(8)), ..window }.busy_cpus(Nanos(2)), 0.5);
    }
}
