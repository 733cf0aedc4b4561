//! Whether the numbers of a drive are plausible, beyond not contradicting each other.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use drive::{Driven, histogram};

/// Checks the numbers of a drive by `users` in a closed loop.
pub(crate) fn check(driven: &Driven, users: u64, window: Duration) -> Result<()> {
    let Driven { sent, right, errors, right_in_window, window_ns, in_system_ns, .. } = *driven;
    driven.check(u64::try_from(window.as_nanos())?)?;
    ensure!(sent > 0, "nothing was sent");
    // A user has at most one request under way when the window begins, and one when it ends.
    ensure!(
        right.abs_diff(right_in_window) <= users,
        "{right} right, but {right_in_window} in the window, with {users} users"
    );
    // Each user has a request in the system, but for the time it takes to send the next.
    let full = users * window_ns;
    ensure!(
        (full / 2..=full).contains(&in_system_ns),
        "{in_system_ns} ns in the system, of {full} by {users} users"
    );
    // By Little's law the rate times the mean is what is in the system. The histogram knows a mean to 1 in 1,000, and
    // the requests under way at either end of the window are counted in only one of the two.
    let spent = driven.response.mean() * right as f64;
    let loose = 0.001 * spent + (users * driven.response.max()) as f64;
    ensure!(
        errors > 0 || (spent - in_system_ns as f64).abs() <= loose,
        "response times of {spent} ns together, but {in_system_ns} ns in the system"
    );
    Ok(())
}

/// Tries the check itself: it accepts an honest drive, and no drive that lies in one number.
pub(crate) fn try_check() -> Result<()> {
    type Lie = fn(&mut Driven);
    const WINDOW: Duration = Duration::from_secs(1);
    let mut response = histogram::empty();
    response.record_n(10_000_000, 200)?;
    let honest = Driven {
        sent: 200,
        right: 200,
        errors: 0,
        right_in_window: 200,
        window_ns: 1_000_000_000,
        in_system_ns: 2_000_000_000,
        response,
        requests_total: 300,
        edges: None,
    };
    check(&honest, 2, WINDOW)?;
    let lies: [(&str, Lie); 8] = [
        ("sent", |driven| driven.sent += 1),
        ("right", |driven| driven.right -= 1),
        ("errors", |driven| driven.errors += 1),
        ("right_in_window", |driven| driven.right_in_window += 3),
        ("window_ns", |driven| driven.window_ns -= 1),
        ("in_system_ns", |driven| driven.in_system_ns += 1),
        ("requests_total", |driven| driven.requests_total = 199),
        ("response", |driven| {
            driven.response.reset();
            driven.response.saturating_record_n(1_000_000, 200);
        }),
    ];
    for (field, lie) in lies {
        let mut lying = honest.clone();
        lie(&mut lying);
        if check(&lying, 2, WINDOW).is_ok() {
            bail!("a lie in {field} is not found");
        }
    }
    Ok(())
}
