//! The measurements of a load: counters and histograms that add up exactly.

use std::collections::BTreeMap;

use drive::{Edges, histogram};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::connection::Broken;
use super::timer::Waiting;
use crate::units::Nanos;
use crate::workload::Wrong;

/// What can go wrong with a request. The first that applies is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorKind {
    /// No connection could be made.
    Connect,
    /// The request could not be sent.
    Write,
    /// The connection broke, or the answer was not HTTP.
    Read,
    /// There was no complete answer in time.
    Timeout,
    /// The status was not 200.
    Status,
    /// Another content type than the right one.
    Type,
    /// A length that was missing or wrong.
    Length,
    /// Other content than the right one.
    Value,
}

impl From<Broken> for ErrorKind {
    fn from(broken: Broken) -> ErrorKind {
        match broken {
            Broken::Connect => ErrorKind::Connect,
            Broken::Write => ErrorKind::Write,
            Broken::Read => ErrorKind::Read,
            Broken::Timeout => ErrorKind::Timeout,
            Broken::Length => ErrorKind::Length,
        }
    }
}

impl From<Wrong> for ErrorKind {
    fn from(wrong: Wrong) -> ErrorKind {
        match wrong {
            Wrong::Status { .. } => ErrorKind::Status,
            Wrong::Type { .. } => ErrorKind::Type,
            Wrong::Shape(_)
            | Wrong::Count { .. }
            | Wrong::Missing
            | Wrong::Value
            | Wrong::NotEmpty
            | Wrong::Unexplained => ErrorKind::Value,
        }
    }
}

impl ErrorKind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::Connect => "connect",
            ErrorKind::Write => "write",
            ErrorKind::Read => "read",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Status => "status",
            ErrorKind::Type => "type",
            ErrorKind::Length => "length",
            ErrorKind::Value => "value",
        }
    }
}

/// A histogram of nanoseconds with 3 significant digits from 1 ns to 2 minutes; longer times count as 2 minutes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Latencies(#[serde(with = "histogram")] Histogram<u64>);

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies(histogram::empty())
    }
}

impl From<Histogram<u64>> for Latencies {
    fn from(histogram: Histogram<u64>) -> Latencies {
        Latencies(histogram)
    }
}

impl Latencies {
    /// Counts one value.
    pub fn record(&mut self, latency: Nanos) {
        self.0.saturating_record(latency.0);
    }

    /// Adds all values that `other` has counted.
    ///
    /// # Panics
    /// Never: all histograms have the same bounds.
    pub fn add(&mut self, other: &Latencies) {
        self.0.add(&other.0).expect("histograms of the same bounds add");
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of counted values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The smallest value that at least the share `quantile` (0 to 1) of all values do not exceed; zero where there
    /// are none.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Nanos {
        Nanos(self.0.value_at_quantile(quantile))
    }

    /// The largest value.
    #[must_use]
    pub fn max(&self) -> Nanos {
        Nanos(self.0.max())
    }

    /// The mean in nanoseconds.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.0.mean()
    }

    /// Removes all values.
    pub fn reset(&mut self) {
        self.0.reset();
    }
}

/// The requests that failed with one kind of error.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// The number of requests.
    pub count: u64,
    /// Their response times.
    pub response: Latencies,
}

/// One second of the window, by the time of the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Second {
    /// Right answers.
    pub right: u64,
    /// Errors of all kinds.
    pub errors: u64,
    /// The median response time of its right answers; of several shards, the largest.
    pub p50: Nanos,
    /// The 99th percentile of the same; of several shards, the largest.
    pub p99: Nanos,
    /// The largest of the same.
    pub max: Nanos,
}

/// The record of one window, for one shard or the sum of several.
///
/// A request belongs to the window in which it was due (open) or sent (closed), whenever its answer arrived. The
/// counts agree exactly: `sent = right + errors + in_flight`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadRecord {
    /// The number of users.
    pub users: u32,
    /// What the load did until the next request was due; in a closed load, no request is waited for.
    #[serde(skip_serializing_if = "Waiting::is_default", default)]
    pub waiting: Waiting,
    /// The length of the window.
    pub window: Nanos,
    /// The number of requests sent.
    pub sent: u64,
    /// All requests that the load sent, warm-up included: what the database's own counters are compared with.
    #[serde(alias = "asked_in_all", default)]
    pub requests_total: u64,
    /// Requests that were due but found no idle connection before the load had to end.
    pub unsent: u64,
    /// Right answers.
    pub right: u64,
    /// Failed requests, by kind of error.
    pub errors: BTreeMap<ErrorKind, Errors>,
    /// Requests still without an answer when the load had to end.
    pub in_flight: u64,
    /// Right answers that arrived within the window, whenever they were due. Goodput is this divided by the window.
    pub right_in_window: u64,
    /// New connections that replaced those closed by the server.
    pub reconnects: u64,
    /// The times from due to the last byte, of right answers. A run does not keep them of a closed load, where they are
    /// determined by its users ÷ rate.
    #[serde(default, skip_serializing_if = "Latencies::is_empty")]
    pub response: Latencies,
    /// The sum of the response times of right answers, where their distribution is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_total: Option<Nanos>,
    /// The times from sent to the last byte, of right answers. A run does not keep them of a closed load either.
    #[serde(default, skip_serializing_if = "Latencies::is_empty")]
    pub service: Latencies,
    /// The times from due to sent, of all requests. A run does not keep them of a closed load, in which a request is due
    /// when its user is idle.
    #[serde(default, skip_serializing_if = "Latencies::is_empty")]
    pub lateness: Latencies,
    /// The times from when a request was due and its connection idle to when it was sent: the load's own part of
    /// lateness. A run does not keep them of a closed load.
    #[serde(default, skip_serializing_if = "Latencies::is_empty")]
    pub own_lateness: Latencies,
    /// The time that all requests together spent between due and the last byte, within the window. Divided by the
    /// window, it is the mean number of requests in the system.
    pub in_system: Nanos,
    /// The time that all connections together spent between sent and the last byte, within the window.
    pub connections_busy: Nanos,
    /// The seconds of the window.
    pub seconds: Vec<Second>,
    /// The right answers around the ends of the window, until the resources that were read there have their own counts; a
    /// run does not keep them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<Edges>,
}

impl LoadRecord {
    /// Whether its CPUs were kept awake, so that their being busy does not show that they were the limit.
    #[must_use]
    pub fn kept_awake(&self) -> bool {
        self.waiting == Waiting::Spins
    }

    /// The record without distributions, which say nothing of a server under a closed load.
    #[must_use]
    pub fn without_distributions(self) -> LoadRecord {
        LoadRecord {
            response_total: Some(Nanos((self.mean_response() * self.right as f64).round() as u64)),
            response: Latencies::default(),
            service: Latencies::default(),
            lateness: Latencies::default(),
            own_lateness: Latencies::default(),
            ..self
        }
    }

    /// The mean response time of right answers in nanoseconds; 0 without any.
    fn mean_response(&self) -> f64 {
        match self.response_total {
            Some(total) => total.0 as f64 / self.right.max(1) as f64,
            None => self.response.mean(),
        }
    }

    /// Adds the record of another shard of the same window.
    pub fn add(&mut self, other: &LoadRecord) {
        self.edges = match (self.edges.take(), &other.edges) {
            (Some(mut mine), Some(other)) => {
                mine.add(other);
                Some(mine)
            }
            // Only a record of no shard yet lacks nothing; where a shard did not count, the sum is not known.
            (None, other) if self.users == 0 => other.clone(),
            _ => None,
        };
        self.users += other.users;
        self.waiting = self.waiting.max(other.waiting);
        self.window = self.window.max(other.window);
        self.sent += other.sent;
        self.requests_total += other.requests_total;
        self.unsent += other.unsent;
        self.right += other.right;
        for (class, errors) in &other.errors {
            let mine = self.errors.entry(*class).or_default();
            mine.count += errors.count;
            mine.response.add(&errors.response);
        }
        self.in_flight += other.in_flight;
        self.right_in_window += other.right_in_window;
        self.reconnects += other.reconnects;
        self.response.add(&other.response);
        self.response_total =
            self.response_total.zip(other.response_total).map(|(mine, other)| mine + other);
        self.service.add(&other.service);
        self.lateness.add(&other.lateness);
        self.own_lateness.add(&other.own_lateness);
        self.in_system += other.in_system;
        self.connections_busy += other.connections_busy;
        self.seconds.resize(self.seconds.len().max(other.seconds.len()), Second::default());
        for (mine, other) in self.seconds.iter_mut().zip(&other.seconds) {
            mine.right += other.right;
            mine.errors += other.errors;
            mine.p50 = mine.p50.max(other.p50);
            mine.p99 = mine.p99.max(other.p99);
            mine.max = mine.max.max(other.max);
        }
    }

    /// Adds the record of a later window of the same load.
    pub fn extend(&mut self, later: &LoadRecord) {
        let (users, window) = (self.users.max(later.users), self.window + later.window);
        let seconds = [std::mem::take(&mut self.seconds), later.seconds.clone()].concat();
        self.add(later);
        (self.users, self.window, self.seconds) = (users, window, seconds);
    }

    /// Errors of all kinds, and requests that never got an answer.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.errors.values().map(|errors| errors.count).sum::<u64>() + self.in_flight + self.unsent
    }

    /// Right answers per second of the window.
    #[must_use]
    pub fn goodput(&self) -> f64 {
        self.right_in_window as f64 / self.window.as_secs()
    }

    /// The deviation from Little's law, by which the mean number of requests in the system is rate × mean response
    /// time: the difference from the number that was counted, as a share of that. Returns `None` if nothing was
    /// answered.
    #[must_use]
    pub fn littles_law_residual(&self) -> Option<f64> {
        let (predicted, counted) = self.littles_law_sides();
        (counted > 0.0 && self.right > 0).then(|| predicted / counted - 1.0)
    }

    /// The two sides of Little's law as times, in seconds: what right answers took that were due in the window, and what all
    /// requests together spent in the system within it.
    #[must_use]
    pub fn littles_law_sides(&self) -> (f64, f64) {
        (self.right as f64 * self.mean_response() / 1e9, self.in_system.as_secs())
    }
}
