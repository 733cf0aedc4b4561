//! CPU time that a virtual machine was ready to use and its host gave to others.

use super::cpu_times::CpuTimes;
use crate::os::part::PerPart;
use crate::os::placement::Placement;

/// The share of a window that was stolen from the CPUs of each part.
pub type Steal = PerPart<f64>;

/// The share of the time between two readings that was stolen from each part.
pub(super) fn steal(first: &CpuTimes, last: &CpuTimes, placement: &Placement) -> Steal {
    let interval = (last.at - first.at).as_secs();
    placement.sets.as_ref().map(|cpus| {
        let stolen = first.stolen(last, cpus).as_secs();
        // Ticks are coarser than this in any window that is measured.
        rounded(stolen / interval / cpus.count() as f64)
    })
}

/// To four decimals: a hundredth of a percent.
pub fn rounded(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Moment;

    #[test]
    fn each_part_is_told_what_its_cpus_lost() {
        let stat = |at, first: u64, second: u64| {
            let stat =
                format!("cpu0 10 0 1 4 0 0 7 {first} 0 0\ncpu1 1 0 1 4 0 0 7 {second} 0 0\n");
            CpuTimes::parse(Moment(at), &stat)
        };
        let placement = Placement::by_size(&(0..2).collect());
        let stolen = steal(&stat(0, 100, 7), &stat(2_000_000_000, 120, 8), &placement);
        assert_eq!(stolen, Steal { server: 0.1, db: 0.005, load: 0.005 });
    }
}
