//! What else ran on the CPUs of a run while it measured.

use super::cpu_times::CpuTimes;
use super::steal::rounded;
use crate::os::placement::Placement;
use crate::units::Nanos;

/// The share of the time of all CPUs of a run, between two readings, that neither its parts nor the harness used, though the
/// CPUs were busy: other programs, and interrupts that the kernel accounts to nobody. `own` is what the run used.
///
/// What the host of a virtual machine took is not part of it. The kernel counts in ticks of 10 ms, so the share may be a
/// little below 0 where nothing else ran.
pub(super) fn other(first: &CpuTimes, last: &CpuTimes, own: Nanos, placement: &Placement) -> f64 {
    let cpus = placement.all();
    let available = (last.at - first.at).as_secs() * cpus.count() as f64;
    rounded((first.busy(last, &cpus).as_secs() - own.as_secs()) / available)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Moment;

    #[test]
    fn what_the_run_did_not_use_of_its_busy_cpus_is_other_work() {
        let stat = |at, idle: [u64; 3], steal: u64| {
            let [a, b, c] = idle;
            let stat = format!(
                "cpu0 0 0 0 {a} 0 0 0 {steal}\ncpu1 0 0 0 {b} 0 0 0 0\ncpu2 0 0 0 {c} 0 0 0 0\n"
            );
            CpuTimes::parse(Moment(at), &stat)
        };
        // CPU 2 is none of the run's.
        let placement = Placement::by_size(&(0..2).collect());
        let (first, last) = (stat(0, [0, 0, 0], 0), stat(1_000_000_000, [10, 50, 0], 20));
        // 0.7 s of the first and 0.5 s of the second were busy.
        let share = |millis: u64| other(&first, &last, Nanos(millis * 1_000_000), &placement);
        assert_eq!(share(1000), 0.1);
        assert_eq!(share(1200), 0.0);
        assert_eq!(share(1220), -0.01);
    }
}
