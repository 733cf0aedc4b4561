//! What a reader must know of the containers that a run was in.

use crate::format::site::Site;
use crate::os::cgroup::Limits;
use crate::os::machine::MachineFile;
use crate::os::part::{Part, PerPart};
use crate::os::placement::Placement;

/// In one or two sentences, each with a space before it.
pub(super) fn sentences(site: &Site, cpus: &Placement, machine: &MachineFile) -> String {
    let engine = match site.engine.as_str() {
        "" => String::new(),
        version => format!(" of Docker {version}"),
    };
    let network = match site.network.as_str() {
        "" => String::new(),
        "host" => ", in the machine's own network".to_owned(),
        name => format!(", joined by a {name}"),
    };
    let netprobe = site.netprobe.map_or(String::new(), |probe| {
        format!(
            ", round trip {:.0} µs (p99 {:.0}), {:.1} Gbit/s",
            probe.round_trip_p50.as_micros().0,
            probe.round_trip_p99.as_micros().0,
            probe.bits_per_second / 1e9
        )
    });
    let shared = if cpus.sets.load.overlaps(&cpus.sets.db) {
        " The kernel divides the CPUs that database and load share between containers, and not between threads: CPU times \
         are not to be compared with those of processes."
    } else {
        ""
    };
    let side_by_side = if site.side_by_side {
        " **All servers were up side by side, and none was restarted between blocks.**"
    } else {
        ""
    };
    let scaled = match (site.scaled, site.side_by_side) {
        (false, _) => String::new(),
        (true, false) => format!(
            " **Scaled: of the CPUs and MiB of memory for server, database and load that were asked for ({}), this machine \
             gave {}.**",
            listed(&site.asked),
            listed(&site.given)
        ),
        (true, true) => format!(
            " **Scaled: the limits of server, database and load in CPUs and MiB of memory ({}) are more than this machine's \
             {} and {}, which the kernel divides in proportion.**",
            listed(&site.given),
            machine.cpus,
            machine.memory_mib
        ),
    };
    format!(" Containers{engine}{network}{netprobe}.{shared}{side_by_side}{scaled}")
}

fn listed(limits: &PerPart<Option<Limits>>) -> String {
    let of = |part: Part| {
        let limits = limits.get(part).clone().unwrap_or_default();
        let cpus = limits.cpus.map_or("any".to_owned(), |cpus| cpus.to_string());
        match limits.memory_mib {
            Some(mib) => format!("{cpus} and {mib}"),
            None => cpus,
        }
    };
    Part::ALL.map(of).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::netprobe::NetworkProbe;
    use crate::units::Nanos;

    #[test]
    fn what_was_scaled_is_said() {
        let limits = |cpus: f64, memory_mib| {
            let limits = Limits { cpus: Some(cpus), memory_mib, ..Limits::default() };
            PerPart::from_fn(|_| Some(limits.clone()))
        };
        let mut site = Site {
            engine: "28.2".into(),
            network: "bridge".into(),
            asked: limits(6.0, Some(8192)),
            given: limits(1.0, None),
            netprobe: Some(NetworkProbe {
                round_trip_p50: Nanos(24_300),
                round_trip_p99: Nanos(61_000),
                bits_per_second: 2.24e10,
            }),
            ..Site::default()
        };
        let plain = " Containers of Docker 28.2, joined by a bridge, round trip 24 µs (p99 61), 22.4 Gbit/s.";
        let machine = MachineFile { cpus: 2, memory_mib: 4000, ..MachineFile::default() };
        let apart = Placement::by_size(&(0..4).collect());
        assert_eq!(sentences(&site, &apart, &machine), plain);
        site.scaled = true;
        let told = sentences(&site, &apart, &machine);
        assert!(
            told.contains("6 and 8192, 6 and 8192, 6 and 8192), this machine gave 1, 1, 1.**"),
            "{told}"
        );
        site.side_by_side = true;
        let told = sentences(&site, &apart, &machine);
        assert!(told.contains("(1, 1, 1) are more than this machine's 2 and 4000"), "{told}");
        let shared = Placement::by_size(&(0..2).collect());
        assert!(sentences(&site, &shared, &machine).contains("not between threads"));
    }
}
