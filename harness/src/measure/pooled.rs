//! The response times of all valid trials of a cell together, for curves of many percentiles without intervals.

use super::limit::is_valid;
use super::{Measurement, quantile};
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::load::LoadRecord;

/// The number of requests that must lie beyond the end of a curve: fewer would draw single requests.
const BEYOND: f64 = 10.0;

/// The response times of a cell's valid trials together.
#[derive(Clone, Debug)]
pub struct Pooled(LoadRecord);

impl Pooled {
    /// Pools the trials of the cell that `measurement` describes.
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

    /// The quantile `q` of the response times of all requests that were due, in microseconds.
    ///
    /// Returns `None` where fewer than ten requests lie beyond it, and where it falls among requests without a right
    /// answer.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        quantile(&self.0, q, BEYOND)
    }

    /// The largest quantile that still has ten requests beyond it; `None` where too few requests were due.
    #[must_use]
    pub fn last(&self) -> Option<f64> {
        let due = (self.0.sent + self.0.unsent) as f64;
        (due > BEYOND).then(|| 1.0 - BEYOND / due)
    }
}
