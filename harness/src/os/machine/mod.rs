//! What this machine is: never its name.

mod cpu;
mod differences;
mod file;
mod software;
mod system;

use std::fs;
use std::path::Path;

use nix::sys::resource::{Resource, getrlimit};
use nix::sys::utsname::uname;

pub use differences::differences;
pub use file::{MachineFile, ServiceFacts};

use crate::os::cgroup;
use crate::os::placement::Cpus;

/// Reads what the kernel and the checkout tell; what they do not tell stays empty.
#[must_use]
pub fn describe(root: &Path, usable: &Cpus) -> MachineFile {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let virtual_machine = field(&cpuinfo, "flags")
        .is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor"));
    let cpus = Path::new("/sys/devices/system/cpu");
    let topology = cpu::topology(cpus);
    let (mhz, max_mhz) = cpu::clocks(cpus, &cpuinfo);
    let limits = cgroup::limits();
    let (commit_hash, changed_files) = software::commit(root).unzip();
    let commit_hash = commit_hash.or_else(told_commit);
    MachineFile {
        cpu: field(&cpuinfo, "model name").unwrap_or("unknown CPU").to_owned(),
        cpus: usable.count(),
        memory_mib: memory_mib(),
        kernel: uname()
            .map(|name| name.release().to_string_lossy().into_owned())
            .unwrap_or_default(),
        governor: governor(),
        virtualisation: if virtual_machine { "virtual machine".into() } else { String::new() },
        commit: short(commit_hash.as_deref(), changed_files),
        cpu_id: cpu::id(&cpuinfo),
        microcode: field(&cpuinfo, "microcode").unwrap_or_default().to_owned(),
        sockets: topology.map(|(sockets, _)| sockets),
        cores: topology.map(|(_, cores)| cores),
        threads_per_core: cpu::threads_per_core(cpus),
        memory_nodes: system::memory_nodes(Path::new("/sys/devices/system/node")),
        mhz,
        max_mhz,
        turbo: cpu::turbo(cpus),
        swap_mib: mib(&meminfo, "SwapTotal"),
        huge_pages: system::chosen(&text(Path::new("/sys/kernel/mm/transparent_hugepage/enabled"))),
        distribution: system::distribution(&text(Path::new("/etc/os-release"))),
        hypervisor: system::detected("--vm"),
        container: system::detected("--container"),
        clock_source: text(Path::new(
            "/sys/devices/system/clocksource/clocksource0/current_clocksource",
        )),
        boot: system::boot(&text(Path::new("/proc/cmdline"))),
        cgroup_cpus: limits.cpus,
        cgroup_cpuset: limits.cpuset,
        cgroup_memory_mib: limits.memory_mib,
        open_files: getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft),
        commit_hash: commit_hash.unwrap_or_default(),
        changed_files,
        changes: software::changes(root),
        caches: cpu::caches(cpus),
        mitigations: system::mitigations(&cpus.join("vulnerabilities")),
        sysctls: system::sysctls(Path::new("/proc/sys")),
        tools: software::tools(root),
        crates: software::crates(root),
        ..MachineFile::default()
    }
}

/// The commit that an image was made from, where its maker told: no checkout is in it.
fn told_commit() -> Option<String> {
    std::env::var("COMMIT").ok().filter(|commit| !commit.is_empty() && commit != "unknown")
}

/// The checkout's commit, with `+` where files differ from it; absent where there is none.
#[must_use]
pub fn commit(root: &Path) -> Option<String> {
    software::commit(root)
        .map(|(hash, changed)| if changed == 0 { hash } else { format!("{hash}+") })
}

/// A run's label: the CPU's model and how many of them, as in `amd-epyc-7763-8c`.
#[must_use]
pub fn label(machine: &MachineFile) -> String {
    let words = machine.cpu.split(|c: char| !c.is_ascii_alphanumeric());
    // What every model name has, and nobody needs.
    let noise = ["", "cpu", "processor", "core", "r", "tm"];
    let slug: Vec<String> =
        words.map(str::to_lowercase).filter(|word| !noise.contains(&word.as_str())).collect();
    format!("{}-{}c", slug.join("-"), machine.cpus)
}

/// The frequency governor of the first CPU; empty if there is none.
#[must_use]
pub fn governor() -> String {
    let path = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// The machine's memory, in MiB.
#[must_use]
pub fn memory_mib() -> u64 {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    mib(&meminfo, "MemTotal").unwrap_or(0)
}

/// A size as it is written for containers, as in `512m` or `64g`, in MiB.
#[must_use]
pub fn mib_of(size: &str) -> Option<u64> {
    let size = size.trim().to_lowercase();
    let digits = size.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    match size[digits.len()..].trim_end_matches('b') {
        "" => Some(number / (1024 * 1024)),
        "k" => Some(number / 1024),
        "m" => Some(number),
        "g" => Some(number * 1024),
        _ => None,
    }
}

fn mib(meminfo: &str, name: &str) -> Option<u64> {
    let kib: u64 = field(meminfo, name)?.split(' ').next()?.parse().ok()?;
    Some(kib / 1024)
}

/// What is in a file, without the space around it; empty if it cannot be read.
fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn number(path: &Path) -> Option<u64> {
    text(path).parse().ok()
}

/// The value behind `name` in the kernel's `name : value` lines.
pub(crate) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim())
    })
}

/// Enough of a commit's hash to know it by, and a mark if anything differs from it.
fn short(hash: Option<&str>, changed: Option<usize>) -> String {
    let Some(hash) = hash else { return "unknown".into() };
    let changed = changed.is_some_and(|files| files > 0) || hash.ends_with('+');
    let mark = if changed { "+" } else { "" };
    format!("{}{mark}", hash.get(..12).unwrap_or(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_written_for_containers() {
        let sizes = ["64g", "512m", "1073741824", "2GB", "much", "-1"].map(mib_of);
        assert_eq!(sizes, [Some(65_536), Some(512), Some(1024), Some(2048), None, None]);
    }

    #[test]
    fn a_label_names_the_cpu_and_its_cores() {
        let label = |cpu: &str, cpus| {
            label(&MachineFile { cpu: cpu.into(), cpus, ..MachineFile::default() })
        };
        assert_eq!(label("AMD EPYC 7763 64-Core Processor", 8), "amd-epyc-7763-64-8c");
        assert_eq!(label("Intel(R) Xeon(R) CPU @ 2.20GHz", 2), "intel-xeon-2-20ghz-2c");
    }
}
