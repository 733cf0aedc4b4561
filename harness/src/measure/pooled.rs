//! All valid trials of a cell as one: for curves of many percentiles, which have no interval of their own.

use super::limit::is_valid;
use super::{BEYOND, Measurement, quantile};
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::load::LoadRecord;

/// The response times of a cell's valid trials together.
#[derive(Clone, Debug)]
pub struct Pooled(LoadRecord);

impl Pooled {
    /// Of the cell that `measurement` is about.
    #[must_use]
    pub fn of(raw: &Raw, measurement: &Measurement) -> Pooled {
        let mut record = LoadRecord::default();
        for entry in &raw.entries {
            let Entry::Trial(trial) = entry else { continue };
            if trial.server == measurement.server
                && trial.scenario == measurement.scenario
                && trial.load == measurement.load
                && is_valid(trial, measurement.open, &raw.run.cpus)
            {
                record.add(&trial.measured.record);
            }
        }
        Pooled(record)
    }

    /// What the fraction `q` of all requests that were due do not exceed, in microseconds. Absent where it
    /// rests on fewer than ten requests, or falls among those without a right answer.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        quantile(&self.0, q)
    }

    /// The largest fraction whose quantile rests on ten requests; absent if no request was due.
    #[must_use]
    pub fn last(&self) -> Option<f64> {
        let due = (self.0.sent + self.0.unsent) as f64;
        (due > BEYOND).then(|| 1.0 - BEYOND / due)
    }
}
