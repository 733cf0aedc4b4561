//! Facts about the CPU and its clock.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use procfs::CpuInfo;

use super::{number, text};

/// The CPU's maker, family, model number and stepping.
pub(super) fn id(cpuinfo: &CpuInfo) -> String {
    let parts = ["vendor_id", "cpu family", "model", "stepping"];
    let found = parts.iter().filter_map(|name| cpuinfo.get_field(0, name));
    found.collect::<Vec<_>>().join(" ")
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
    let topology = cpus.join("cpu0/topology");
    let files = ["core_cpus_list", "thread_siblings_list"];
    let list = files.iter().map(|file| text(&topology.join(file))).find(|list| !list.is_empty())?;
    list.split(',')
        .map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            Some(last.parse::<usize>().ok()?.checked_sub(first.parse().ok()?)? + 1)
        })
        .sum()
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
    }
}
