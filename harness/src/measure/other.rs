//! Other work: what else ran on the run's CPUs while it measured.

use super::warning::Warning;
use crate::format::journal::Trial;

/// The share of the run's CPUs from which other work in the median trial changes the measurement.
const OTHER: f64 = 0.05;

/// The shares of the run's CPUs that other work took in the windows of some trials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OtherWork {
    /// The share in the median trial.
    pub median: f64,
    /// The largest share.
    pub largest: f64,
}

impl OtherWork {
    /// Summarises the trials that recorded it; `None` where none did.
    #[must_use]
    pub fn of<'a>(trials: impl IntoIterator<Item = &'a Trial>) -> Option<OtherWork> {
        let shares = trials.into_iter().filter_map(|trial| trial.measured.resources.other);
        // A share below 0 is an error of the kernel's ticks.
        let mut shares: Vec<f64> = shares.map(|share| share.max(0.0)).collect();
        shares.sort_by(f64::total_cmp);
        let largest = *shares.last()?;
        let middle = shares.len() / 2;
        let median = if shares.len() % 2 == 1 {
            shares[middle]
        } else {
            f64::midpoint(shares[middle - 1], shares[middle])
        };
        Some(OtherWork { median, largest })
    }

    /// The warning about a cell's trials; `None` where other work was too little to matter.
    pub(super) fn warning(trials: &[&Trial]) -> Option<Warning> {
        let OtherWork { median, largest } = OtherWork::of(trials.iter().copied())?;
        (median > OTHER).then_some(Warning::OtherWork { median, largest })
    }
}

#[cfg(test)]
mod tests {
    use crate::format::journal::Entry;
    use crate::format::synthetic_run::{SMALL, run, synthetic};
    use crate::measure::measurements;

    #[test]
    fn work_in_most_trials_is_warned_of_and_work_in_few_is_not() {
        let warnings = |shares: &[f64]| {
            let mut raw = run(&[synthetic("a", 50.0, SMALL)]);
            for (entry, share) in raw.entries.iter_mut().zip(shares) {
                let Entry::Trial(trial) = entry else { panic!("the run has only trials") };
                trial.measured.resources.other = Some(*share);
            }
            let measurement = measurements(&raw).remove(0);
            measurement.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(warnings(&[]), [""; 0], "it was not recorded");
        assert_eq!(warnings(&[-0.01, 0.0, 0.01, 0.02, 0.9, 0.8, 0.01, 0.0]), [""; 0]);
        assert_eq!(
            warnings(&[0.06, 0.08, 0.0, 0.4, 0.05, 0.0, 0.07, 0.3]),
            ["other work took 6.5% of the CPUs in the median trial, and 40.0% in the worst"]
        );
    }
}
