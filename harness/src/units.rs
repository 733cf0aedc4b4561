//! Quantities that carry their unit in their type.

use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// A point on one machine's monotonic clock, in nanoseconds since an origin that only that machine knows.
///
/// All processes of one machine share the clock, so moments taken in the load's process compare with those taken in the
/// harness. Moments of two machines do not compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub u64);

impl Moment {
    /// A moment later than any that a clock shows.
    pub const NEVER: Moment = Moment(u64::MAX);

    /// The current time.
    #[must_use]
    pub fn now() -> Moment {
        let time =
            clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every Linux has a monotonic clock");
        // Both numbers are non-negative on this clock.
        Moment(time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
    }

    /// The nanoseconds from `other` to `self`; negative where `other` is later.
    #[must_use]
    pub fn after(self, other: Moment) -> i64 {
        // Moments are nanoseconds since the machine's start, of which i64 holds 292 years.
        self.0 as i64 - other.0 as i64
    }

    /// The length from `earlier` to `self`, or zero where `earlier` is later. Use subtraction where the order is
    /// known.
    #[must_use]
    pub fn since(self, earlier: Moment) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Nanos> for Moment {
    type Output = Moment;
    fn add(self, length: Nanos) -> Moment {
        Moment(self.0.saturating_add(length.0))
    }
}

impl Sub<Nanos> for Moment {
    type Output = Moment;
    fn sub(self, length: Nanos) -> Moment {
        Moment(self.0.saturating_sub(length.0))
    }
}

/// The length between two moments whose order is known; in debug builds, the wrong order panics.
impl Sub for Moment {
    type Output = Nanos;
    fn sub(self, earlier: Moment) -> Nanos {
        debug_assert!(earlier <= self, "{earlier:?} is later than {self:?}");
        self.since(earlier)
    }
}

/// A length of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// The length in seconds.
    #[must_use]
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The length in microseconds.
    #[must_use]
    pub fn as_micros(self) -> Micros {
        Micros(self.0 as f64 / 1e3)
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

impl AddAssign for Nanos {
    fn add_assign(&mut self, other: Nanos) {
        *self = *self + other;
    }
}

/// The difference of two lengths, or zero where the second is longer: a sum over processes can shrink when one of
/// them ends.
impl Sub for Nanos {
    type Output = Nanos;
    fn sub(self, other: Nanos) -> Nanos {
        Nanos(self.0.saturating_sub(other.0))
    }
}

/// A length of time in microseconds, the unit in which latencies are published.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub f64);

/// A rate in events per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PerSecond(pub f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_lies_between_two_moments_and_leads_from_one_to_the_other() {
        let (first, second) = (Moment(5), Moment(7));
        assert_eq!(second - first, Nanos(2));
        assert_eq!(first + Nanos(2), second);
        assert_eq!(first.since(second), Nanos(0));
        assert!(Moment::now() < Moment::NEVER);
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "is later than")]
    fn moments_in_the_wrong_order_are_an_error_of_the_program() {
        let _ = Moment(5) - Moment(7);
    }
}
