//! The database's counters as trials need them.

use std::cell::Cell;

use crate::database::{Counters, Lease};
use crate::observe::counts::Unread;

/// Reads the counters, and leaves out what reading them costs.
#[derive(Debug)]
pub(super) struct Counting(Cell<Unread>);

impl Counting {
    /// Finds out what a reading costs. Nobody else may ask the database meanwhile. Absent if it does not tell.
    pub(super) fn new(database: &Lease) -> Option<Counting> {
        let (first, second) = (database.counters().ok()?, database.counters().ok()?);
        Some(Counting(Cell::new(Unread::new(&first, &second))))
    }

    /// What the database has counted.
    pub(super) fn read(&self, database: &Lease) -> Option<Counters> {
        let mut unread = self.0.get();
        let counters = unread.next(&database.counters().ok()?);
        self.0.set(unread);
        Some(counters)
    }
}
