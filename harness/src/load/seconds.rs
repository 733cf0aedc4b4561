//! A window second by second.

use super::record::{Latencies, Second};
use crate::units::Nanos;

const SECOND: Nanos = Nanos(1_000_000_000);

/// The seconds of a window, filled in the order in which requests end. One histogram serves all of them.
#[derive(Debug, Default)]
pub struct Seconds {
    rows: Vec<Second>,
    /// The response times of the second that is running.
    responses: Latencies,
    /// Which second that is.
    running: usize,
}

impl Seconds {
    /// The seconds of a window of this length; the last one may be cut short by the window's end.
    #[must_use]
    pub fn new(window: Nanos) -> Seconds {
        let rows = vec![Second::default(); window.0.div_ceil(SECOND.0) as usize];
        Seconds { rows, ..Seconds::default() }
    }

    /// Counts an answer that came so long `after` the window's start, in a second that has not ended yet.
    pub fn count(&mut self, after: Nanos, response: Nanos, is_right: bool) {
        let second = (after.0 / SECOND.0) as usize;
        if second != self.running {
            self.end_second();
            self.running = second;
        }
        let row = &mut self.rows[second];
        if is_right {
            row.right += 1;
            self.responses.record(response);
        } else {
            row.errors += 1;
        }
    }

    fn end_second(&mut self) {
        let row = &mut self.rows[self.running];
        row.p50 = self.responses.quantile(0.5);
        row.p99 = self.responses.quantile(0.99);
        row.max = self.responses.max();
        self.responses.reset();
    }

    /// All seconds, in order.
    #[must_use]
    pub fn finish(mut self) -> Vec<Second> {
        if !self.rows.is_empty() {
            self.end_second();
        }
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_percentiles_of_its_own() {
        let mut seconds = Seconds::new(Nanos(2_500_000_000));
        seconds.count(Nanos(0), Nanos(10), true);
        seconds.count(Nanos(999_999_999), Nanos(30), false);
        seconds.count(Nanos(2_000_000_000), Nanos(20), true);
        let rows = seconds.finish();
        let counts: Vec<_> =
            rows.iter().map(|row| (row.right, row.errors, row.p50.0, row.max.0)).collect();
        assert_eq!(counts, [(1, 1, 10, 10), (0, 0, 0, 0), (1, 0, 20, 20)]);
        assert_eq!(Seconds::default().finish(), []);
    }
}
