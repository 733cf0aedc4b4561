use std::sync::{Mutex, MutexGuard};

use drive::{Driven, Edges, histogram};
use hdrhistogram::Histogram;

/// The largest number of recorders of one drive: more users share them, because a histogram takes 230 kB.
const MOST_RECORDERS: usize = 64;

/// A stretch of time, in nanoseconds since the drive's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The first moment that belongs to it.
    pub(crate) start: u64,
    /// The first moment after it.
    pub(crate) end: u64,
}

impl Window {
    fn contains(self, moment: u64) -> bool {
        (self.start..self.end).contains(&moment)
    }

    /// The part of the time between two moments that lies in the window.
    fn overlap(self, from: u64, to: u64) -> u64 {
        to.min(self.end).saturating_sub(from.max(self.start))
    }
}

/// A request that has ended, in nanoseconds since the drive's start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    /// The moment at which it was sent.
    pub(crate) sent: u64,
    /// The moment at which its rows were there, or the error.
    pub(crate) done: u64,
    /// Whether the rows were found.
    pub(crate) right: bool,
}

/// The counts of some users.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// Unknown during the warm-up.
    window: Option<Window>,
    asked: u64,
    /// Right answers among the `asked`.
    answered: u64,
    sent: u64,
    errors: u64,
    right_in_window: u64,
    in_system: u64,
    response: Histogram<u64>,
    edges: Edges,
}

impl Recorder {
    fn new() -> Recorder {
        Recorder {
            window: None,
            asked: 0,
            answered: 0,
            sent: 0,
            errors: 0,
            right_in_window: 0,
            in_system: 0,
            response: histogram::empty(),
            edges: Edges::new(0),
        }
    }

    /// Records a request that has ended, and returns the moment after which no more are to be sent, if it is known.
    pub(crate) fn done(&mut self, exchange: Exchange) -> Option<u64> {
        let Exchange { sent, done, right } = exchange;
        self.asked += 1;
        self.answered += u64::from(right);
        let window = self.window?;
        if right {
            let after = |end: u64| done as i64 - end as i64;
            self.edges.count(after(window.start), after(window.end));
        }
        self.in_system += window.overlap(sent, done);
        self.right_in_window += u64::from(right && window.contains(done));
        if window.contains(sent) {
            self.sent += 1;
            if right {
                self.response.saturating_record(done - sent);
            } else {
                self.errors += 1;
            }
        }
        Some(window.end)
    }
}

/// The recorders of all users. Two users hardly ever want the same lock at once.
#[derive(Debug)]
pub(crate) struct Recorders(Vec<Mutex<Recorder>>);

impl Recorders {
    /// Makes recorders for a number of users.
    pub(crate) fn new(users: usize) -> Recorders {
        Recorders((0..users.min(MOST_RECORDERS)).map(|_| Mutex::new(Recorder::new())).collect())
    }

    /// Locks the recorder of a user.
    pub(crate) fn get(&self, user: usize) -> MutexGuard<'_, Recorder> {
        lock(&self.0[user % self.0.len()])
    }

    /// Right answers since the start.
    pub(crate) fn answered(&self) -> u64 {
        self.0.iter().map(|recorder| lock(recorder).answered).sum()
    }

    /// Opens the window, which begins `ahead` nanoseconds from now, and which `window` returns while no user can record.
    ///
    /// A request that was recorded before had therefore ended before the window began: nothing in the window is lost.
    pub(crate) fn open(&self, ahead: u64, window: impl FnOnce() -> Window) -> Window {
        let mut all: Vec<_> = self.0.iter().map(lock).collect();
        let window = window();
        for recorder in &mut all {
            recorder.window = Some(window);
            recorder.edges = Edges::new(ahead);
        }
        window
    }

    /// Adds up all that was recorded, for a window of `window_ns`.
    pub(crate) fn sum(&self, window_ns: u64) -> Driven {
        let mut sum = Recorder::new();
        sum.edges = Edges::new(u64::MAX);
        for recorder in self.0.iter().map(lock) {
            sum.asked += recorder.asked;
            sum.sent += recorder.sent;
            sum.errors += recorder.errors;
            sum.right_in_window += recorder.right_in_window;
            sum.in_system += recorder.in_system;
            sum.edges.add(&recorder.edges);
            sum.response.add(&recorder.response).expect("histograms of the same bounds add");
        }
        Driven {
            sent: sum.sent,
            right: sum.sent - sum.errors,
            errors: sum.errors,
            right_in_window: sum.right_in_window,
            window_ns,
            in_system_ns: sum.in_system,
            response: sum.response,
            requests_total: sum.asked,
            edges: Some(sum.edges),
        }
    }
}

fn lock(recorder: &Mutex<Recorder>) -> MutexGuard<'_, Recorder> {
    recorder.lock().expect("no holder of the lock panics")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { start: 1_000, end: 2_000 };

    fn exchange(sent: u64, done: u64, right: bool) -> Exchange {
        Exchange { sent, done, right }
    }

    #[test]
    fn a_request_belongs_to_the_window_in_which_it_was_sent() {
        let recorders = Recorders::new(2);
        // Before the window is known.
        assert_eq!(recorders.get(0).done(exchange(100, 900, true)), None);
        recorders.open(0, || WINDOW);
        for (sent, done, right) in [
            // Sent before it and answered in it; sent in it, one of them an error; answered after it; sent after it.
            (900, 1_100, true),
            (1_000, 1_300, true),
            (1_300, 1_400, false),
            (1_900, 2_500, true),
            (2_000, 2_100, true),
        ] {
            assert_eq!(recorders.get(1).done(exchange(sent, done, right)), Some(2_000));
        }
        let sum = recorders.sum(1_000);
        assert_eq!((sum.sent, sum.right, sum.errors), (3, 2, 1));
        assert_eq!(sum.right_in_window, 2);
        assert_eq!(sum.in_system_ns, 100 + 300 + 100 + 100);
        assert_eq!(sum.requests_total, 6);
        assert_eq!(sum.response.len(), sum.right);
        assert_eq!(recorders.answered(), 5);
    }

    #[test]
    fn many_users_share_recorders() {
        let recorders = Recorders::new(1_000);
        recorders.open(0, || WINDOW);
        for user in 0..1_000 {
            recorders.get(user).done(exchange(1_500, 1_600, true));
        }
        assert_eq!(recorders.sum(1_000).sent, 1_000);
    }
}
