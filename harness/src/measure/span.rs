//! How much of a trial's window the readings of CPU time span.
//!
//! CPU time is read shortly before the window begins and when it ends. A harness that was kept waiting reads late. Where the
//! load counted its answers between the readings, a little more than the window does no harm; what is less than the window,
//! or more without such a count, is not the window's: a rate over half a window is no rate of the whole.

use std::ops::RangeInclusive;

use super::warning::Warning;
use crate::format::journal::Trial;

/// The shares of a window that readings of CPU time may span: both ends together may be late or early by 1%.
const WHOLE: RangeInclusive<f64> = 0.99..=1.01;

/// Whether the readings of all parts span the window, and each has its own number of answers where they span more.
fn is_whole(trial: &Trial) -> bool {
    let resources = &trial.measured.resources;
    let parts = [Some(resources.server), resources.db, Some(resources.load)].into_iter().flatten();
    // A load that is a part of the server has no readings of its own.
    let mut read = parts.filter(|used| used.interval.is_some()).peekable();
    let is_counted = read.peek().is_some() && read.all(|used| used.answers.is_some());
    let span = span(trial);
    WHOLE.contains(&span) || (is_counted && span > *WHOLE.end())
}

/// The share of the window that the readings of a part span, of the part for which it differs most from 1.
///
/// It follows from what every run has recorded, whatever its format: the time between the two readings of each part, and
/// the length of the window.
fn span(trial: &Trial) -> f64 {
    let (resources, window) = (&trial.measured.resources, trial.measured.record.window.as_secs());
    let parts = [Some(resources.server), resources.db, Some(resources.load)];
    let spans = parts.into_iter().flatten().map(|used| used.seconds(resources.interval) / window);
    spans.max_by(|a, b| (a - 1.0).abs().total_cmp(&(b - 1.0).abs())).unwrap_or(0.0)
}

/// The trials whose readings span the window, so that they have figures of CPU time.
pub(super) fn whole<'a>(trials: &[&'a Trial]) -> Vec<&'a Trial> {
    trials.iter().copied().filter(|trial| is_whole(trial)).collect()
}

/// The warning about the trials whose readings do not span the window; `None` where all do.
pub(super) fn warning(trials: &[&Trial]) -> Option<Warning> {
    let off = trials.iter().filter(|trial| !is_whole(trial)).map(|trial| span(trial));
    let worst = off.clone().max_by(|a, b| (a - 1.0).abs().total_cmp(&(b - 1.0).abs()))?;
    Some(Warning::Readings { trials: off.count(), of: trials.len(), worst })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::folder::Raw;
    use crate::format::journal::Entry;
    use crate::format::synthetic_run::{SMALL, cell, run, synthetic};
    use crate::measure::block::{Blocks, Metric};
    use crate::measure::{Measurement, measurements};
    use crate::units::Nanos;

    /// A run of one server; in its first `count` trials, the readings span the share `share` of the window.
    fn spanning(share: f64, count: usize) -> (Raw, Measurement) {
        let mut raw = run(&[synthetic("a", 50.0, SMALL)]);
        for entry in &mut raw.entries[..count] {
            let Entry::Trial(trial) = entry else { panic!("the run has only trials") };
            let interval = trial.measured.record.window.as_secs() * share * 1e9;
            trial.measured.resources.interval = Nanos(interval as u64);
        }
        let measurement = measurements(&raw).remove(0);
        (raw, measurement)
    }

    #[test]
    fn a_trial_that_was_not_read_at_its_ends_has_no_figure_of_cpu_time() {
        let warnings = |share| spanning(share, 1).1.warnings;
        assert_eq!(warnings(0.991), []);
        assert_eq!(warnings(1.009), []);
        for share in [0.46, 0.98, 1.02] {
            let (raw, measurement) = spanning(share, 1);
            let [Warning::Readings { trials: 1, of: 8, worst }] = measurement.warnings[..] else {
                panic!("{:?}", measurement.warnings)
            };
            assert!((worst - share).abs() < 1e-6);
            let figures = measurement.figures.unwrap();
            assert_eq!((figures.goodput.count, figures.server_cpu.unwrap().count), (8, 7));
            assert_eq!(figures.load_cpu.unwrap().count, 7);
            assert_eq!(figures.resources.server.cpu_share.unwrap().count, 7);
            // Neither table nor comparison has it.
            let count = |metric| Blocks::of(&raw, "a", &cell(), metric).unwrap().values.len();
            assert_eq!((count(Metric::Goodput), count(Metric::ServerCpu)), (8, 7));
        }
    }

    #[test]
    fn readings_that_have_their_own_answers_may_span_more_than_the_window_but_not_less() {
        for (share, is_whole) in [(0.98, false), (0.995, true), (1.05, true)] {
            let (mut raw, _) = spanning(share, 8);
            let cpu = |raw: &Raw| measurements(raw).remove(0).figures.unwrap().server_cpu;
            assert_eq!(cpu(&raw).is_some(), is_whole && share < 1.01, "{share}, not counted");
            for entry in &mut raw.entries {
                let Entry::Trial(trial) = entry else { panic!("the run has only trials") };
                let resources = &mut trial.measured.resources;
                for used in
                    [Some(&mut resources.server), resources.db.as_mut(), Some(&mut resources.load)]
                {
                    let used = used.expect("all parts are observed");
                    used.interval = Some(resources.interval);
                    // Twice the answers of the window's rate, so half of the cost.
                    used.answers = Some(2 * trial.measured.record.right_in_window);
                }
            }
            let counted = cpu(&raw);
            assert_eq!(counted.is_some(), is_whole, "{share}");
            if let Some(counted) = counted {
                assert!((counted.mean / 25.0 - 1.0).abs() < 0.1, "{counted:?}");
            }
        }
    }

    #[test]
    fn without_any_whole_trial_there_is_a_goodput_and_nothing_of_cpu_time() {
        let (_, measurement) = spanning(0.5, 8);
        let figures = measurement.figures.unwrap();
        assert!(figures.lower_bound, "what the limit was is not known");
        assert_eq!(figures.limit.name(), "unknown");
        assert!(figures.server_cpu.is_none() && figures.load.cpu_share.is_none());
        let told = measurement.warnings[0].to_string();
        assert_eq!(
            told,
            "8 of 8 trials have no CPU figures: their readings span 50.0% of the window at worst"
        );
    }
}
