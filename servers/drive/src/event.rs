use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::{Edges, histogram};

/// A line of the answer, in JSON, sent when it happens.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The warm-up is over, and it is known when the window begins.
    Window {
        /// When it begins, in nanoseconds on the system's monotonic clock.
        start_ns: u64,
        /// How long the warm-up was, in nanoseconds.
        warmup_ns: u64,
        /// Whether the rate was steady at its end.
        steady: bool,
    },
    /// All requests have ended. The last event.
    Driven(Box<Driven>),
    /// The drive was given up. The last event.
    Failed {
        /// Why, in one sentence.
        reason: String,
    },
}

/// All that a drive has measured. A request belongs to the window in which it was sent: `sent = right + errors`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Driven {
    /// Requests sent within the window.
    pub sent: u64,
    /// Requests among them that found their rows, at once or after the window's end.
    pub right: u64,
    /// All others among them.
    pub errors: u64,
    /// Right answers that came within the window, whenever they were asked for.
    pub right_in_window: u64,
    /// How long the window was.
    pub window_ns: u64,
    /// The time between sent and done within the window, of all requests together.
    pub in_system_ns: u64,
    /// The time from sent to done, in nanoseconds, of the `right`.
    #[serde(with = "histogram")]
    pub response: Histogram<u64>,
    /// All requests from the start to the last answer, the warm-up's included.
    pub requests_total: u64,
    /// The right answers around the ends of the window; absent where the server does not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<Edges>,
}

/// Counts that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// The window was not as long as it was to be.
    #[error("a window of {0} ns instead of {1}")]
    Window(u64, u64),
    /// A request was neither right nor an error, or both.
    #[error("{sent} requests sent, but {right} right and {errors} errors")]
    Sent {
        /// Requests sent.
        sent: u64,
        /// Right answers.
        right: u64,
        /// Errors.
        errors: u64,
    },
    /// Some right answers have no response time, or more than one.
    #[error("{right} right answers, but {recorded} response times")]
    Response {
        /// Right answers.
        right: u64,
        /// Response times.
        recorded: u64,
    },
    /// The window had more requests than the drive.
    #[error("{total} requests in all, but {sent} sent in the window")]
    Total {
        /// All requests.
        total: u64,
        /// Requests sent in the window.
        sent: u64,
    },
}

impl Driven {
    /// Checks that the window had the length that was asked for and that the counts fit each other.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn check(&self, window_ns: u64) -> Result<(), Contradiction> {
        let Driven { sent, right, errors, requests_total: total, .. } = *self;
        let recorded = self.response.len();
        if self.window_ns != window_ns {
            Err(Contradiction::Window(self.window_ns, window_ns))
        } else if sent != right + errors {
            Err(Contradiction::Sent { sent, right, errors })
        } else if recorded != right {
            Err(Contradiction::Response { right, recorded })
        } else if total < sent {
            Err(Contradiction::Total { total, sent })
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of `servers/CONTRACT.md`, which servers in other languages write by hand.
    #[test]
    fn events_are_written_as_the_contract_says() {
        let line = |event: Event| serde_json::to_string(&event).unwrap();
        assert_eq!(
            line(Event::Window { start_ns: 9, warmup_ns: 7, steady: true }),
            r#"{"event":"window","start_ns":9,"warmup_ns":7,"steady":true}"#
        );
        assert_eq!(
            line(Event::Failed { reason: "no".into() }),
            r#"{"event":"failed","reason":"no"}"#
        );
        let text = line(Event::Driven(Box::new(driven())));
        let rest = text
            .strip_prefix(
                r#"{"event":"driven","sent":3,"right":2,"errors":1,"right_in_window":2,"window_ns":1000,"in_system_ns":600,"response":""#,
            )
            .unwrap_or_else(|| panic!("{text}"));
        assert!(rest.ends_with(r#"","requests_total":6}"#), "{text}");
    }

    #[test]
    fn what_is_written_is_read() {
        let text = serde_json::to_string(&Event::Driven(Box::new(driven()))).unwrap();
        let Event::Driven(read) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
        assert_eq!(read.response, driven().response);
        read.check(1_000).unwrap();
    }

    #[test]
    fn a_histogram_of_other_bounds_is_refused() {
        let other = Driven { response: Histogram::new(2).unwrap(), ..driven() };
        let text = serde_json::to_string(&other).unwrap();
        let error = serde_json::from_str::<Driven>(&text).unwrap_err().to_string();
        assert!(error.contains("other bounds"), "{error}");
    }

    #[test]
    fn counts_that_contradict_each_other_are_found() {
        let lies: [fn(&mut Driven); 5] = [
            |driven| driven.window_ns += 1,
            |driven| driven.sent += 1,
            |driven| driven.errors += 1,
            |driven| driven.response.reset(),
            |driven| driven.requests_total = 2,
        ];
        for lie in lies {
            let mut lying = driven();
            lie(&mut lying);
            lying.check(1_000).unwrap_err();
        }
    }

    fn driven() -> Driven {
        let mut response = histogram::empty();
        response.record_n(150, 2).unwrap();
        Driven {
            sent: 3,
            right: 2,
            errors: 1,
            right_in_window: 2,
            window_ns: 1_000,
            in_system_ns: 600,
            response,
            requests_total: 6,
            edges: None,
        }
    }
}
