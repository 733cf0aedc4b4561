//! Facts about the CPU and its clock.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use procfs::CpuInfo;

use super::{number, text};
use crate::os::placement::Cpus;

/// The fields of `/proc/cpuinfo` that identify a CPU of the x86 family.
const X86: [&str; 4] = ["vendor_id", "cpu family", "model", "stepping"];
/// The fields of `/proc/cpuinfo` that identify a CPU of the ARM family, which has none of the others.
const ARM: [&str; 5] =
    ["CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision"];

/// The identity of the machine's CPUs: maker, family, model number and stepping; on ARM implementer, architecture, variant,
/// part and revision, each after its name. Machines whose CPUs differ have an identity for each kind.
pub(super) fn id(cpuinfo: &CpuInfo) -> String {
    let kinds: BTreeSet<String> = (0..cpuinfo.num_cores()).map(|cpu| id_of(cpuinfo, cpu)).collect();
    kinds.into_iter().filter(|kind| !kind.is_empty()).collect::<Vec<_>>().join(" + ")
}

fn id_of(cpuinfo: &CpuInfo, cpu: usize) -> String {
    let x86 = X86.iter().filter_map(|name| Some(cpuinfo.get_field(cpu, name)?.to_owned()));
    let arm = ARM.iter().filter_map(|name| {
        let value = cpuinfo.get_field(cpu, name)?;
        Some(format!("{} {value}", name.trim_start_matches("CPU ")))
    });
    x86.chain(arm).collect::<Vec<_>>().join(" ")
}

/// The model of the CPU, in the kernel's words; where it has none, as on most ARM machines, the implementer and part.
pub(super) fn model(cpuinfo: &CpuInfo) -> String {
    let field = |name| cpuinfo.get_field(0, name);
    match (field("model name"), field("CPU implementer"), field("CPU part")) {
        (Some(name), ..) => name.to_owned(),
        (None, Some(implementer), Some(part)) => format!("ARM {implementer} {part}"),
        _ => UNKNOWN.to_owned(),
    }
}

/// The model of a CPU that the kernel does not name.
pub(super) const UNKNOWN: &str = "unknown CPU";

/// The CPUs of each core that has several, in the kernel's order of cores.
pub(super) fn cores(cpus: &Path, usable: &Cpus) -> Vec<Cpus> {
    let mut cores: Vec<Cpus> = Vec::new();
    for cpu in usable.iter() {
        let siblings = siblings(cpus, cpu).and_then(|list| Cpus::of_kernel(&list));
        if let Some(core) = siblings.filter(|core| core.count() > 1 && !cores.contains(core)) {
            cores.push(core);
        }
    }
    cores
}

/// The CPUs of one CPU's core, in the kernel's notation.
fn siblings(cpus: &Path, cpu: usize) -> Option<String> {
    let topology = cpus.join(format!("cpu{cpu}/topology"));
    let files = ["core_cpus_list", "thread_siblings_list"];
    files.iter().map(|file| text(&topology.join(file))).find(|list| !list.is_empty())
}

/// The numbers of sockets and cores in `/sys/devices/system/cpu`; `None` where it does not list them.
pub(super) fn topology(cpus: &Path) -> Option<(usize, usize)> {
    let (mut sockets, mut cores) = (BTreeSet::new(), BTreeSet::new());
    for entry in fs::read_dir(cpus).ok()?.flatten() {
        let topology = entry.path().join("topology");
        let (socket, core) =
            (text(&topology.join("physical_package_id")), text(&topology.join("core_id")));
        if !socket.is_empty() {
            cores.insert((socket.clone(), core));
            sockets.insert(socket);
        }
    }
    (!sockets.is_empty()).then_some((sockets.len(), cores.len()))
}

/// The number of CPUs that share the core of CPU 0; `None` where the kernel does not say.
pub(super) fn threads_per_core(cpus: &Path) -> Option<usize> {
    Some(Cpus::of_kernel(&siblings(cpus, 0)?)?.count())
}

/// The caches of CPU 0, as in `L1d = "48K, CPU 0"`.
pub(super) fn caches(cpus: &Path) -> BTreeMap<String, String> {
    let folder = fs::read_dir(cpus.join("cpu0/cache")).into_iter().flatten().flatten();
    let caches = folder.filter_map(|entry| {
        let of = |file| text(&entry.path().join(file));
        let kind = match of("type").as_str() {
            "Data" => "d",
            "Instruction" => "i",
            "Unified" => "",
            _ => return None,
        };
        let (size, sharing) = (of("size"), of("shared_cpu_list"));
        Some((format!("L{}{kind}", of("level")), format!("{size}, CPU {sharing}")))
    });
    caches.collect()
}

/// Whether the clock may rise above its base; `None` where no driver says so.
pub(super) fn turbo(cpus: &Path) -> Option<bool> {
    let intel = number(&cpus.join("intel_pstate/no_turbo")).map(|off| off == 0);
    intel.or_else(|| number(&cpus.join("cpufreq/boost")).map(|on| on == 1))
}

/// The clock of CPU 0 and its maximum, in MHz. `mhz` is the value in `/proc/cpuinfo`, which is used where the driver
/// gives none.
pub(super) fn clocks(cpus: &Path, mhz: Option<&str>) -> (Option<u64>, Option<u64>) {
    let khz = |file| number(&cpus.join("cpu0/cpufreq").join(file)).map(|khz| khz / 1000);
    let listed = mhz.and_then(|mhz| mhz.parse::<f64>().ok());
    (khz("scaling_cur_freq").or(listed.map(|mhz| mhz.round() as u64)), khz("cpuinfo_max_freq"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use procfs::FromBufRead;

    #[test]
    fn a_folder_of_two_sockets_with_two_threads_a_core() {
        let folder = tempfile::tempdir().unwrap();
        let cpus = folder.path();
        let write = |file: &str, text: &str| {
            let path = cpus.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        };
        for cpu in 0..8 {
            write(&format!("cpu{cpu}/topology/physical_package_id"), &(cpu / 4).to_string());
            write(&format!("cpu{cpu}/topology/core_id"), &(cpu % 2).to_string());
        }
        write("cpu0/topology/thread_siblings_list", "0,2");
        for (index, level, kind, size, sharing) in [
            (0, "1", "Data", "48K", "0,2"),
            (1, "1", "Instruction", "32K", "0,2"),
            (2, "3", "Unified", "32768K", "0-3"),
        ] {
            let write = |file, text| write(&format!("cpu0/cache/index{index}/{file}"), text);
            write("level", level);
            write("type", kind);
            write("size", size);
            write("shared_cpu_list", sharing);
        }
        write("intel_pstate/no_turbo", "1");
        write("cpu0/cpufreq/cpuinfo_max_freq", "3700000");
        assert_eq!(topology(cpus), Some((2, 4)));
        assert_eq!(threads_per_core(cpus), Some(2));
        write("cpu2/topology/core_cpus_list", "0,2");
        write("cpu5/topology/core_cpus_list", "5");
        let cores: Vec<_> =
            super::cores(cpus, &(0..8).collect()).iter().map(Cpus::to_string).collect();
        assert_eq!(cores, ["0+2"], "once, and no core of one CPU");
        let found: Vec<_> = caches(cpus).into_iter().collect();
        let expected =
            [("L1d", "48K, CPU 0,2"), ("L1i", "32K, CPU 0,2"), ("L3", "32768K, CPU 0-3")];
        assert_eq!(found, expected.map(|(name, size)| (name.to_owned(), size.to_owned())));
        assert_eq!(turbo(cpus), Some(false));
        assert_eq!(clocks(cpus, Some("2596.098")), (Some(2596), Some(3700)));
        assert_eq!(topology(&cpus.join("none")), None);
    }

    #[test]
    fn an_identity_has_the_fields_that_the_kernel_lists() {
        let cpuinfo = "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: X\n";
        let cpuinfo = CpuInfo::from_buf_read(cpuinfo.as_bytes()).unwrap();
        assert_eq!(id(&cpuinfo), "AuthenticAMD 26 2");
        assert_eq!(model(&cpuinfo), "X");
    }

    #[test]
    fn an_arm_machine_is_known_by_its_implementers_and_parts() {
        let core = |number, part| {
            format!(
                "processor\t: {number}\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n\
                 CPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: {part}\nCPU revision\t: 1\n\n"
            )
        };
        let read = |text: String| CpuInfo::from_buf_read(text.as_bytes()).unwrap();
        let alike = read(core(0, "0xd0c") + &core(1, "0xd0c"));
        assert_eq!(id(&alike), "implementer 0x41 architecture 8 variant 0x3 part 0xd0c revision 1");
        assert_eq!(model(&alike), "ARM 0x41 0xd0c");
        let mixed = id(&read(core(0, "0xd03") + &core(1, "0xd09")));
        assert!(
            mixed.contains("part 0xd03") && mixed.contains(" + ") && mixed.contains("part 0xd09")
        );
        assert_eq!(model(&read("processor\t: 0\n\n".into())), UNKNOWN);
    }
}
