//! What a reader of a table must know of the CPUs while its cells were measured.

use crate::format::folder::Raw;
use crate::format::journal::{Entry, Trial};
use crate::measure::other::OtherWork;

/// The conditions of the trials that `is_of` selects, as sentences with a space before each. What a run did not record is
/// left out.
pub(super) fn conditions(raw: &Raw, is_of: impl Fn(&Trial) -> bool) -> String {
    let trials = raw.entries.iter().filter_map(|entry| match entry {
        Entry::Trial(trial) if is_of(trial) => Some(&**trial),
        _ => None,
    });
    OtherWork::of(trials).map(other).into_iter().collect()
}

fn other(OtherWork { median, largest }: OtherWork) -> String {
    let (median, largest) = (100.0 * median, 100.0 * largest);
    format!(" Other work took {median:.1}% of these CPUs (at most {largest:.1}%).")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::synthetic_run::{SMALL, run, synthetic};

    #[test]
    fn other_work_is_told_of_the_trials_of_a_table() {
        let mut raw = run(&[synthetic("a", 50.0, SMALL), synthetic("b", 50.0, SMALL)]);
        assert_eq!(conditions(&raw, |_| true), "", "it was not recorded");
        for entry in &mut raw.entries {
            let Entry::Trial(trial) = entry else { panic!("the run has only trials") };
            let is_first = trial.block == 1;
            let share = if trial.server == "a" { 0.012 } else { 0.5 };
            trial.measured.resources.other = Some(if is_first { 2.0 * share } else { share });
        }
        let told = conditions(&raw, |trial| trial.server == "a");
        assert_eq!(told, " Other work took 1.2% of these CPUs (at most 2.4%).");
    }
}
