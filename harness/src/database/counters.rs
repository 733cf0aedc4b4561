//! The database's counters as trials need them.

use std::cell::Cell;

use crate::database::counts::ReadingCost;
use crate::database::{Counters, Lease};

/// Reads the counters, and leaves out what reading them costs.
#[derive(Debug)]
pub struct CounterReader(Cell<ReadingCost>);

impl CounterReader {
    /// Finds out what a reading costs. Nobody else may ask the database meanwhile. Absent if it does not tell.
    pub fn new(database: &Lease) -> Option<CounterReader> {
        let (first, second) = (database.counters().ok()?, database.counters().ok()?);
        Some(CounterReader(Cell::new(ReadingCost::new(&first, &second))))
    }

    /// What the database has counted.
    pub fn read(&self, database: &Lease) -> Option<Counters> {
        let mut unread = self.0.get();
        let counters = unread.next(&database.counters().ok()?);
        self.0.set(unread);
        Some(counters)
    }
}
