//! CPU time that a virtual machine was ready to use and its host gave to others.

use std::fs;

use crate::os::part::PerPart;
use crate::os::placement::{Cpus, Placement};
use crate::units::Nanos;

/// A tick of `/proc/stat`: `USER_HZ` is 100 on every architecture that Linux still has but alpha and ia64.
const TICK: Nanos = Nanos(10_000_000);

/// The share of a window that was stolen from the CPUs of each part.
pub type Steal = PerPart<f64>;

/// Time stolen from each CPU since the machine started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stolen(Vec<(usize, Nanos)>);

impl Stolen {
    /// The time until now; absent if the kernel does not count it.
    #[must_use]
    pub fn read() -> Option<Stolen> {
        Some(Stolen::parse(&fs::read_to_string("/proc/stat").ok()?)).filter(|all| !all.0.is_empty())
    }

    // The crate `procfs` drops the numbers of the CPUs, so one that is offline would shift those after it.
    fn parse(stat: &str) -> Stolen {
        let cpus = stat.lines().filter_map(|line| {
            let (name, times) = line.split_once(' ')?;
            let cpu = name.strip_prefix("cpu")?.parse().ok()?;
            // user nice system idle iowait irq softirq steal
            let ticks: u64 = times.split_whitespace().nth(7)?.parse().ok()?;
            Some((cpu, Nanos(ticks * TICK.0)))
        });
        Stolen(cpus.collect())
    }

    fn from(&self, cpus: &Cpus) -> Nanos {
        let theirs = self.0.iter().filter(|(cpu, _)| cpus.iter().any(|own| own == *cpu));
        Nanos(theirs.map(|(_, stolen)| stolen.0).sum())
    }

    /// The share of an interval that was stolen from each part, from this reading to `later`.
    #[must_use]
    pub fn until(&self, later: &Stolen, interval: Nanos, placement: &Placement) -> Steal {
        placement.sets.as_ref().map(|cpus| {
            let stolen = (later.from(cpus) - self.from(cpus)).as_secs();
            // Ticks are coarser than this in any window that is measured.
            let fraction = stolen / interval.as_secs() / cpus.count() as f64;
            (fraction * 1e4).round() / 1e4
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_told_what_its_cpus_lost() {
        let stat = |first: u64, second: u64| {
            Stolen::parse(&format!(
                "cpu  1 2 3 4 5 6 7 8 0 0\ncpu0 10 0 1 4 0 0 7 {first} 0 0\ncpu1 1 0 1 4 0 0 7 {second} 0 0\nintr 5\n"
            ))
        };
        let placement = Placement::by_size(&(0..2).collect());
        let steal = stat(100, 7).until(&stat(120, 8), Nanos(2_000_000_000), &placement);
        assert_eq!(steal, Steal { server: 0.1, db: 0.005, load: 0.005 });
    }
}
