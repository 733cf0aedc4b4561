//! The limits that the kernel holds for parts that are up already, and the placement that they amount to.

use std::fs;

use crate::backend::limits::Asked;
use crate::os::cgroup::Limits;
use crate::os::machine;
use crate::os::part::PerPart;
use crate::os::placement::{Cpus, Placement};

/// All CPUs of the machine, which a container may not be allowed to use.
pub(super) fn machine_cpus(usable: &Cpus) -> Cpus {
    let online = fs::read_to_string("/sys/devices/system/cpu/online").unwrap_or_default();
    Cpus::of_kernel(&online).unwrap_or_else(|| usable.clone())
}

/// The placement that the limits of each part amount to, on a machine with the CPUs `all`.
pub(super) fn placement(given: &PerPart<Option<Limits>>, all: &Cpus) -> Placement {
    let limits = given.clone().map(Option::unwrap_or_default);
    let mut sets = limits
        .as_ref()
        .map(|limits| Cpus::of_kernel(&limits.cpuset).unwrap_or_else(|| all.clone()));
    if given.db.is_none() {
        // A database that is not there must not overlap the load.
        sets.db = sets.server.clone();
    }
    let quota = limits
        .as_ref()
        .zip(sets.as_ref())
        .map(|(limits, set)| limits.cpus.filter(|quota| *quota < set.count() as f64));
    // Each shard of the load has a CPU of its own: as many as its quota lets run.
    let shards = quota.load.map_or(sets.load.count(), |quota| quota.ceil() as usize);
    let load: Cpus = sets.load.iter().skip(sets.load.count() - shards).collect();
    Placement { sets: PerPart { load, ..sets }, quota: PerPart { load: None, ..quota } }
}

/// Whether the machine has less than all parts together ask for; then this also warns of it.
pub(super) fn is_scaled(asked: &Asked, all: &Cpus) -> bool {
    let (cpus, memory_mib) = (all.count(), machine::memory_mib());
    let scaled = asked.exceed(cpus, memory_mib);
    if scaled {
        eprintln!(
            "stackmark: this machine has {cpus} CPUs and {memory_mib} MiB, less than the limits add up to: the kernel \
             divides its CPUs in proportion, and the run is marked as scaled"
        );
    }
    scaled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_run_where_their_groups_let_them_and_as_much() {
        let limits = |cpus, cpuset: &str| Limits {
            cpus: Some(cpus),
            cpuset: cpuset.into(),
            memory_mib: None,
        };
        let given = PerPart {
            server: Some(limits(6.0, "0-31")),
            db: Some(limits(16.0, "0-15")),
            load: Some(limits(4.0, "")),
        };
        let placement = placement(&given, &(0..32).collect());
        assert_eq!(placement.to_string(), "server=0-31,db=0-15,load=28-31");
        assert_eq!(placement.quota, PerPart { server: Some(6.0), ..PerPart::default() });
    }

    #[test]
    fn a_database_that_is_not_there_shares_no_cpu_with_the_load() {
        let on = |cpuset: &str| Some(Limits { cpuset: cpuset.into(), ..Limits::default() });
        let given = PerPart { server: on("0-5"), db: None, load: on("6-9") };
        let placement = placement(&given, &(0..32).collect());
        assert_eq!(placement.to_string(), "server=0-5,db=0-5,load=6-9");
        assert!(placement.load_is_alone());
    }
}
