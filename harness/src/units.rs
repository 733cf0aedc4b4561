//! Quantities that carry their unit in their type.

use std::ops::{Add, Sub};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Nanoseconds: a length of time, or a moment on the machine's monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// The present moment. All processes of one machine share this clock, so that moments taken in
    /// the load's process can be compared with those taken in the harness.
    #[must_use]
    pub fn now() -> Nanos {
        let time =
            clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every Linux has a monotonic clock");
        // Both are non-negative on this clock.
        Nanos(time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
    }

    /// In seconds.
    #[must_use]
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// In microseconds.
    #[must_use]
    pub fn as_micros(self) -> Micros {
        Micros(self.0 as f64 / 1e3)
    }

    /// From `earlier` to `self`; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Nanos) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }
}

impl From<Duration> for Nanos {
    fn from(length: Duration) -> Nanos {
        Nanos(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Nanos> for Duration {
    fn from(length: Nanos) -> Duration {
        Duration::from_nanos(length.0)
    }
}

impl Add for Nanos {
    type Output = Nanos;
    fn add(self, other: Nanos) -> Nanos {
        Nanos(self.0.saturating_add(other.0))
    }
}

impl Sub for Nanos {
    type Output = Nanos;
    fn sub(self, other: Nanos) -> Nanos {
        self.since(other)
    }
}

/// Microseconds, as every latency is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub f64);

/// A rate: events per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PerSecond(pub f64);
