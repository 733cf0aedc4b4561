//! Records requests as they end, and attributes them to the window.

use drive::Edges;

use super::record::{ErrorKind, LoadRecord};
use super::seconds::Seconds;
use crate::units::{Moment, Nanos};

/// A request that is over.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// The moment at which it was due; in a closed load, at which it was sent.
    pub due: Moment,
    /// The moment at which its connection became idle.
    pub idle_since: Moment,
    /// The moment at which it was sent.
    pub sent: Moment,
    /// The moment at which its last byte or its error arrived.
    pub done: Moment,
    /// Whether the answer was right.
    pub result: Result<(), ErrorKind>,
}

/// Fills the record of one window. Its memory does not grow with the number of requests.
#[derive(Debug)]
pub struct Recorder {
    /// The start of the window; [`Moment::NEVER`] until it is known.
    start: Moment,
    end: Moment,
    record: LoadRecord,
    /// The number of right answers since the load began.
    answered: u64,
    /// None before the window is known.
    seconds: Seconds,
}

impl Recorder {
    /// The recorder of so many users, before their window.
    #[must_use]
    pub fn new(users: u32) -> Recorder {
        Recorder {
            start: Moment::NEVER,
            end: Moment::NEVER,
            record: LoadRecord { users, ..LoadRecord::default() },
            answered: 0,
            seconds: Seconds::default(),
        }
    }

    /// Sets the window, once. Requests that ended before `now` are not in it, so the window must not begin earlier.
    pub fn open(&mut self, now: Moment, start: Moment, end: Moment) {
        (self.start, self.end) = (start, end);
        self.record.edges = Some(Edges::new(start.since(now).0));
        let window = end - start;
        self.record.window = window;
        self.seconds = Seconds::new(window);
    }

    /// The number of right answers since the load began, warm-up included.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.answered
    }

    fn contains(&self, moment: Moment) -> bool {
        self.start <= moment && moment < self.end
    }

    /// The part of the time between two moments that lies in the window.
    fn overlap(&self, from: Moment, to: Moment) -> Nanos {
        to.min(self.end).since(from.max(self.start))
    }

    /// Records that a new connection was made at `moment`, because the server had closed an idle one.
    pub fn reconnected(&mut self, moment: Moment) {
        if self.contains(moment) {
            self.record.reconnects += 1;
        }
    }

    /// Records a request that is over.
    pub fn done(&mut self, exchange: &Exchange) {
        let Exchange { due, idle_since, sent, done, result } = *exchange;
        self.record.requests_total += 1;
        self.answered += u64::from(result.is_ok());
        self.record.in_system += self.overlap(due, done);
        self.record.connections_busy += self.overlap(sent, done);
        if let Some(edges) = self.record.edges.as_mut().filter(|_| result.is_ok()) {
            edges.count(done.after(self.start), done.after(self.end));
        }
        if self.contains(done) {
            self.seconds.count(done - self.start, done - due, result.is_ok());
            self.record.right_in_window += u64::from(result.is_ok());
        }
        if !self.contains(due) {
            return;
        }
        self.record.sent += 1;
        self.record.lateness.record(sent - due);
        self.record.own_lateness.record(sent - due.max(idle_since));
        match result {
            Ok(()) => {
                self.record.right += 1;
                self.record.response.record(done - due);
                self.record.service.record(done - sent);
            }
            Err(class) => {
                let errors = self.record.errors.entry(class).or_default();
                errors.count += 1;
                errors.response.record(done - due);
            }
        }
    }

    /// Records a request that was sent but has no answer at the end.
    pub fn unanswered(&mut self, due: Moment) {
        self.record.requests_total += 1;
        self.record.in_system += self.overlap(due, self.end);
        if self.contains(due) {
            self.record.sent += 1;
            self.record.in_flight += 1;
        }
    }

    /// Records a request that was due but never sent.
    pub fn unsent(&mut self, due: Moment) {
        self.record.in_system += self.overlap(due, self.end);
        if self.contains(due) {
            self.record.unsent += 1;
        }
    }

    /// Returns the record.
    #[must_use]
    pub fn finish(mut self) -> LoadRecord {
        self.record.seconds = self.seconds.finish();
        self.record
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: u64 = 10_000_000_000;
    const END: u64 = 13_000_000_000;

    fn exchange() -> impl Strategy<Value = Exchange> {
        let result = prop_oneof![4 => Just(Ok(())), 1 => Just(Err(ErrorKind::Read)), 1 => Just(Err(ErrorKind::Value))];
        (9_000_000_000u64..14_000_000_000, 0u64..50_000_000, 0u64..900_000_000, result).prop_map(
            |(due, late, service, result)| Exchange {
                due: Moment(due),
                idle_since: Moment(due - 5),
                sent: Moment(due + late),
                done: Moment(due + late + service),
                result,
            },
        )
    }

    fn record(exchanges: &[Exchange], lost: &[u64]) -> LoadRecord {
        let mut recorder = Recorder::new(1);
        recorder.open(Moment(0), Moment(START), Moment(END));
        let mut exchanges = exchanges.to_vec();
        exchanges.sort_by_key(|exchange| exchange.done);
        exchanges.iter().for_each(|exchange| recorder.done(exchange));
        lost.iter().for_each(|due| recorder.unanswered(Moment(*due)));
        recorder.finish()
    }

    proptest! {
        #[test]
        fn every_request_is_accounted_for(
            exchanges in prop::collection::vec(exchange(), 0..200),
            lost in prop::collection::vec(9_000_000_000u64..14_000_000_000, 0..5),
        ) {
            let record = record(&exchanges, &lost);
            let errors: u64 = record.errors.values().map(|errors| errors.count).sum();
            prop_assert_eq!(record.sent, record.right + errors + record.in_flight);
            prop_assert_eq!(record.right, record.response.count());
            for errors in record.errors.values() {
                prop_assert_eq!(errors.count, errors.response.count());
            }
            let due = exchanges.iter().map(|exchange| exchange.due.0).chain(lost.iter().copied());
            prop_assert_eq!(record.sent as usize, due.filter(|due| (START..END).contains(due)).count());
            let seconds: u64 = record.seconds.iter().map(|second| second.right).sum();
            prop_assert_eq!(record.right_in_window, seconds);
        }

        #[test]
        fn shards_add_up_to_the_whole(exchanges in prop::collection::vec(exchange(), 1..200), lost in 10_000_000_000u64..13_000_000_000) {
            let (left, right) = exchanges.split_at(exchanges.len() / 2);
            let mut sum = record(left, &[lost]);
            sum.add(&record(right, &[]));
            let mut whole = record(&exchanges, &[lost]);
            // These are not sums: users are counted once, and the percentiles of a second are the larger ones of the
            // two.
            whole.users = sum.users;
            whole.seconds.clone_from(&sum.seconds);
            prop_assert_eq!(sum, whole);
        }
    }

    #[test]
    fn littles_law_holds_for_a_steady_flow() {
        // At any moment, two requests are in the system, each for 10 ms.
        let exchanges: Vec<Exchange> = (0..800)
            .map(|i| {
                let due = Moment(9_500_000_000 + i * 5_000_000);
                Exchange {
                    due,
                    idle_since: due,
                    sent: due,
                    done: due + Nanos(10_000_000),
                    result: Ok(()),
                }
            })
            .collect();
        let record = record(&exchanges, &[]);
        assert!((record.in_system.as_secs() / record.window.as_secs() - 2.0).abs() < 1e-9);
        assert!(record.littles_law_residual().unwrap().abs() < 1e-3);
        assert!((record.goodput() - 200.0).abs() < 1e-9);
    }
}
