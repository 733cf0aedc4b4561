//! Counters of a database server. They are the same for every family, each of which has one table of its own names
//! for them.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Database;

/// A counter of a database server, over all its connections. The names are those of the raw files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// SELECT statements carried out, prepared or not.
    Queries,
    /// Statements carried out that insert, change or delete rows.
    Changes,
    /// Executions of prepared statements.
    Executions,
    /// Preparations of statements; on PostgreSQL, which does not count them, plans: a statement that is prepared anew is
    /// planned anew.
    Prepares,
    /// Prepared statements given back.
    Closes,
    /// Round trips beyond those of the statements asked for: pings, resets, SET, BEGIN, COMMIT and ROLLBACK.
    #[serde(alias = "hidden")]
    ExtraRoundTrips,
    /// Look-ups through an index, whether they found a row or not, and rows read on from there or in a scan.
    RowsRead,
    /// Pages that statements looked at, of tables and indexes, in memory or not.
    PagesTouched,
    /// Pages that were not in memory.
    PagesRead,
    /// Bytes sent to clients.
    BytesSent,
    /// Bytes received from clients.
    BytesReceived,
    /// Connections made, or tried.
    Connects,
    /// Connections that are open at the moment of the reading: a level, which rises and falls.
    Connections,
}

impl Counter {
    /// All counters.
    pub const ALL: [Counter; 13] = [
        Counter::Queries,
        Counter::Changes,
        Counter::Executions,
        Counter::Prepares,
        Counter::Closes,
        Counter::ExtraRoundTrips,
        Counter::RowsRead,
        Counter::PagesTouched,
        Counter::PagesRead,
        Counter::BytesSent,
        Counter::BytesReceived,
        Counter::Connects,
        Counter::Connections,
    ];
}

/// A value for each counter; none for one that the family of databases does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<Counter, u64>", into = "BTreeMap<Counter, u64>")]
pub struct Counters([Option<u64>; Counter::ALL.len()]);

impl Counters {
    /// The value of one counter.
    #[must_use]
    pub fn get(&self, counter: Counter) -> Option<u64> {
        self.0[counter as usize]
    }

    /// The increase of each counter between two readings over one kept connection, which the number of open
    /// connections does not include.
    #[must_use]
    pub fn between(first: &Counters, last: &Counters) -> Counters {
        last.combine(first, |counter, last, first| match counter {
            Counter::Connections => last.saturating_sub(1),
            _ => last.saturating_sub(first),
        })
    }

    /// What was counted in this interval and a later one together.
    #[must_use]
    pub fn and(&self, later: &Counters) -> Counters {
        self.combine(later, |counter, one, other| match counter {
            Counter::Connections => one.max(other),
            _ => one + other,
        })
    }

    /// Combines the counters that both have, by `rule`.
    fn combine(&self, other: &Counters, rule: impl Fn(Counter, u64, u64) -> u64) -> Counters {
        let both = |&counter: &Counter| {
            let value = rule(counter, self.get(counter)?, other.get(counter)?);
            Some((counter, value))
        };
        Counter::ALL.iter().filter_map(both).collect()
    }
}

impl FromIterator<(Counter, u64)> for Counters {
    fn from_iter<I: IntoIterator<Item = (Counter, u64)>>(values: I) -> Counters {
        let mut counters = Counters::default();
        for (counter, value) in values {
            counters.0[counter as usize] = Some(value);
        }
        counters
    }
}

impl From<BTreeMap<Counter, u64>> for Counters {
    fn from(values: BTreeMap<Counter, u64>) -> Counters {
        values.into_iter().collect()
    }
}

impl From<Counters> for BTreeMap<Counter, u64> {
    fn from(counters: Counters) -> BTreeMap<Counter, u64> {
        let known = |counter: Counter| Some((counter, counters.get(counter)?));
        Counter::ALL.into_iter().filter_map(known).collect()
    }
}

/// Reads a database's counters as if it never read them: a reading is itself a query, whose rows and bytes count.
#[derive(Debug)]
pub struct CounterReader(Cell<ReadingCost>);

impl CounterReader {
    /// A reader that knows what a reading costs, from two of them. No other client may query the database meanwhile.
    /// Absent if the database does not answer.
    #[must_use]
    pub fn new(database: &Database) -> Option<CounterReader> {
        let (first, second) = (database.counters().ok()?, database.counters().ok()?);
        Some(CounterReader(Cell::new(ReadingCost::new(&first, &second))))
    }

    /// The counters of `database` without the readings of this reader. Absent if the database does not answer.
    #[must_use]
    pub fn read(&self, database: &Database) -> Option<Counters> {
        let mut cost = self.0.get();
        let counters = cost.subtract(&database.counters().ok()?);
        self.0.set(cost);
        Some(counters)
    }
}

/// The number of readings, and what one of them adds to each counter.
#[derive(Clone, Copy, Debug)]
struct ReadingCost {
    one: Counters,
    readings: u64,
}

impl ReadingCost {
    /// The cost that shows between two readings in a row.
    fn new(first: &Counters, second: &Counters) -> ReadingCost {
        let one = second.combine(first, |counter, second, first| match counter {
            // A level does not grow with each reading.
            Counter::Connections => 0,
            _ => second.saturating_sub(first),
        });
        ReadingCost { one, readings: 0 }
    }

    /// The counters of the next reading, without what earlier ones cost.
    fn subtract(&mut self, read: &Counters) -> Counters {
        let readings = self.readings;
        self.readings += 1;
        read.combine(&self.one, |_, read, one| read.saturating_sub(one * readings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_has_its_own_place() {
        let counters: Counters = Counter::ALL.into_iter().zip(1..).collect();
        let values: Vec<u64> = BTreeMap::from(counters).into_values().collect();
        assert_eq!(values, (1..=Counter::ALL.len() as u64).collect::<Vec<_>>());
    }

    #[test]
    fn old_names_are_read_and_unknown_counters_stay_absent() {
        let counters: Counters = serde_json::from_str(r#"{"queries":3,"hidden":6}"#).unwrap();
        assert_eq!(counters.get(Counter::ExtraRoundTrips), Some(6));
        assert_eq!(counters.get(Counter::RowsRead), None);
        let written = serde_json::to_string(&counters).unwrap();
        assert_eq!(written, r#"{"queries":3,"extra_round_trips":6}"#);
    }

    #[test]
    fn readings_leave_no_trace_in_what_they_read() {
        let read = |own: u64, queries: u64| -> Counters {
            [
                (Counter::Queries, queries),
                (Counter::ExtraRoundTrips, 2 * queries),
                (Counter::RowsRead, 500 * own + 4 * queries),
                (Counter::BytesSent, 16_000 * own + 100 * queries),
                (Counter::Connections, 33),
            ]
            .into_iter()
            .collect()
        };
        let mut cost = ReadingCost::new(&read(1, 10), &read(2, 10));
        let first = cost.subtract(&read(3, 10));
        let second = cost.subtract(&read(4, 110));
        let third = cost.subtract(&read(5, 130));
        let counted = Counters::between(&first, &second);
        let expected = [
            (Counter::Queries, 100),
            (Counter::ExtraRoundTrips, 200),
            (Counter::RowsRead, 400),
            (Counter::BytesSent, 10_000),
            (Counter::Connections, 32),
        ];
        assert_eq!(counted, expected.into_iter().collect());
        assert_eq!(Counters::between(&second, &third).get(Counter::BytesSent), Some(2_000));
    }
}
