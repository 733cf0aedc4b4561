//! What a reader of a table must know of the CPUs while its cells were measured.

use crate::format::folder::Raw;
use crate::format::journal::{Entry, Trial};
use crate::measure::other::OtherWork;
use crate::os::part::Part;

/// The conditions of the trials that `is_of` selects, as sentences with a space before each. What a run did not record is
/// left out.
pub(super) fn conditions(raw: &Raw, is_of: impl Fn(&Trial) -> bool) -> String {
    let trials = raw.entries.iter().filter_map(|entry| match entry {
        Entry::Trial(trial) if is_of(trial) => Some(&**trial),
        _ => None,
    });
    let trials: Vec<&Trial> = trials.collect();
    let other = OtherWork::of(trials.iter().copied()).map(other);
    let servers = other_servers(&trials);
    [quota(raw, &trials), shared_cores(raw), other, servers].into_iter().flatten().collect()
}

/// The quota on the whole run, and how long it kept the run from running in the worst trial.
fn quota(raw: &Raw, trials: &[&Trial]) -> Option<String> {
    let cpus = raw.machine.cgroup_cpus?;
    let throttled = trials.iter().filter_map(|trial| {
        let resources = &trial.measured.resources;
        Some(resources.throttled?.as_secs() / resources.interval.as_secs())
    });
    let throttled = throttled.reduce(f64::max).map_or(String::new(), |share| {
        format!(", and kept them from running for up to {:.1}% of a window", 100.0 * share)
    });
    // Containers have quotas of their own.
    let whom = if raw.run.site.is_some() { "the harness" } else { "all parts together" };
    Some(format!(" **A quota gave {whom} {cpus} CPUs' worth of time{throttled}.**"))
}

fn shared_cores(raw: &Raw) -> Option<String> {
    let pairs = raw.machine.parts_sharing_cores(&raw.run.cpus)?;
    let pairs: Vec<String> =
        pairs.iter().map(|(a, b)| format!("{} and {}", name(*a), name(*b))).collect();
    let [first @ .., last] = &pairs[..] else { return None };
    let all =
        if first.is_empty() { last.clone() } else { format!("{}, and {last}", first.join(", ")) };
    Some(format!(" **Parts share a core, so that each slows the other down: {all}.**"))
}

fn name(part: Part) -> &'static str {
    match part {
        Part::Server => "the server",
        Part::Db => "the database",
        Part::Load => "the load",
    }
}

fn other(OtherWork { median, largest }: OtherWork) -> String {
    let (median, largest) = (100.0 * median, 100.0 * largest);
    format!(" Other work took {median:.1}% of these CPUs (at most {largest:.1}%).")
}

/// What the servers cost that were up in a trial of another.
fn other_servers(trials: &[&Trial]) -> Option<String> {
    let shares: Vec<f64> = trials.iter().filter_map(|trial| trial.measured.other_servers).collect();
    let largest = shares.iter().copied().reduce(f64::max)?;
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    let (mean, largest) = (100.0 * mean, 100.0 * largest);
    Some(format!(
        " Servers that waited for their turn took {mean:.2}% of these CPUs (at most {largest:.2}%)."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::synthetic_run::{SMALL, run, synthetic};
    use crate::units::Nanos;

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

    #[test]
    fn servers_that_wait_for_their_turn_are_told_of() {
        let mut raw = run(&[synthetic("a", 50.0, SMALL)]);
        for (entry, share) in raw.entries.iter_mut().zip([0.0002, 0.0004]) {
            let Entry::Trial(trial) = entry else { panic!("the run has only trials") };
            trial.measured.other_servers = Some(share);
        }
        let told = conditions(&raw, |_| true);
        assert_eq!(
            told,
            " Servers that waited for their turn took 0.03% of these CPUs (at most 0.04%)."
        );
    }

    #[test]
    fn a_quota_and_shared_cores_are_told() {
        let mut raw = run(&[synthetic("a", 50.0, SMALL)]);
        raw.machine.cgroup_cpus = Some(1.5);
        let quota = " **A quota gave all parts together 1.5 CPUs' worth of time";
        assert_eq!(conditions(&raw, |_| true), format!("{quota}.**"));
        let Entry::Trial(trial) = &mut raw.entries[3] else { panic!("the run has only trials") };
        trial.measured.resources.throttled = Some(Nanos(250_000_000));
        let told = conditions(&raw, |_| true);
        assert_eq!(
            told,
            format!("{quota}, and kept them from running for up to 25.0% of a window.**")
        );

        raw.machine.cgroup_cpus = None;
        raw.machine.shared_cores = vec![(0..2).collect()];
        let told = conditions(&raw, |_| true);
        assert!(
            told.ends_with("down: the server and the database, and the server and the load.**"),
            "{told}"
        );
    }
}
