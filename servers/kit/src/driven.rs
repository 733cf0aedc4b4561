//! The last event of a drive, and whether its numbers can be.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hdrhistogram::{Histogram, serialization::Deserializer as Decoder};
use serde::{Deserialize, Deserializer, de::Error as _};

/// What a drive has measured.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Driven {
    pub(crate) sent: u64,
    pub(crate) right: u64,
    pub(crate) errors: u64,
    pub(crate) right_in_window: u64,
    pub(crate) window_ns: u64,
    pub(crate) in_system_ns: u64,
    #[serde(deserialize_with = "decode")]
    pub(crate) response: Histogram<u64>,
    pub(crate) asked_in_all: u64,
}

fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Histogram<u64>, D::Error> {
    let bytes =
        BASE64_STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)?;
    Decoder::new().deserialize(&mut bytes.as_slice()).map_err(D::Error::custom)
}

impl Driven {
    /// Checks the sums of a drive by `users` in a closed loop.
    pub(crate) fn check(&self, users: u64, window: Duration) -> Result<()> {
        let Driven { sent, right, errors, right_in_window, window_ns, in_system_ns, .. } = *self;
        ensure!(u128::from(window_ns) == window.as_nanos(), "window_ns is {window_ns}");
        ensure!(sent > 0, "nothing was sent");
        ensure!(sent == right + errors, "sent {sent} is not right {right} + errors {errors}");
        let recorded = self.response.len();
        ensure!(recorded == right, "{recorded} response times of {right} right answers");
        // A user has at most one request under way when the window begins, and one when it ends.
        ensure!(
            right.abs_diff(right_in_window) <= users,
            "{right} right, but {right_in_window} in the window, with {users} users"
        );
        ensure!(
            self.asked_in_all >= sent,
            "{} asked in all, but {sent} sent in the window",
            self.asked_in_all
        );
        // Each user has a request in the system, but for the time it takes to send the next.
        let full = users * window_ns;
        ensure!(
            (full / 2..=full).contains(&in_system_ns),
            "{in_system_ns} ns in the system, of {full} by {users} users"
        );
        // By Little's law the rate times the mean is what is in the system. A mean is known by the histogram to
        // 1 in 1,000, and the requests under way at both ends of the window are counted in the one, not in the other.
        let spent = self.response.mean() * right as f64;
        let loose = 0.001 * spent + (users * self.response.max()) as f64;
        ensure!(
            errors > 0 || (spent - in_system_ns as f64).abs() <= loose,
            "response times of {spent} ns together, but {in_system_ns} ns in the system"
        );
        Ok(())
    }
}

/// The check tried on itself: it takes an honest drive, and no drive that lies in one number.
pub(crate) fn try_check() -> Result<()> {
    type Lie = fn(&mut Driven);
    const WINDOW: Duration = Duration::from_secs(1);
    let mut response = Histogram::new_with_bounds(1, 120_000_000_000, 3)?;
    response.record_n(10_000_000, 200)?;
    let honest = Driven {
        sent: 200,
        right: 200,
        errors: 0,
        right_in_window: 200,
        window_ns: 1_000_000_000,
        in_system_ns: 2_000_000_000,
        response,
        asked_in_all: 300,
    };
    honest.check(2, WINDOW)?;
    let lies: [(&str, Lie); 8] = [
        ("sent", |driven| driven.sent += 1),
        ("right", |driven| driven.right -= 1),
        ("errors", |driven| driven.errors += 1),
        ("right_in_window", |driven| driven.right_in_window += 3),
        ("window_ns", |driven| driven.window_ns -= 1),
        ("in_system_ns", |driven| driven.in_system_ns += 1),
        ("asked_in_all", |driven| driven.asked_in_all = 199),
        ("response", |driven| {
            driven.response.reset();
            driven.response.saturating_record_n(1_000_000, 200);
        }),
    ];
    for (field, lie) in lies {
        let mut lying = honest.clone();
        lie(&mut lying);
        if lying.check(2, WINDOW).is_ok() {
            bail!("a lie in {field} is not found");
        }
    }
    Ok(())
}
