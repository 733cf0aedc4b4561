//! Facts about this machine, never its name.

mod build;
mod checkout;
mod cpu;
mod differences;
mod file;
mod software;
mod system;

use std::fs;
use std::path::Path;

use bytesize::ByteSize;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::utsname::uname;
use procfs::{CpuInfo, Current, Meminfo};

pub use build::BuildFacts;
pub use differences::differences;
pub use file::{MachineFile, ServiceFacts};

use crate::os::cgroup;
use crate::os::placement::Cpus;

/// Describes this machine and the checkout at `root`. Facts that are not known stay empty.
#[must_use]
pub fn describe(root: &Path, usable: &Cpus) -> MachineFile {
    let cpuinfo = CpuInfo::current().ok();
    let field = |name| cpuinfo.as_ref().and_then(|cpuinfo| cpuinfo.get_field(0, name));
    let virtual_machine =
        field("flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor"));
    let cpus = Path::new("/sys/devices/system/cpu");
    let topology = cpu::topology(cpus);
    let (mhz, max_mhz) = cpu::clocks(cpus, field("cpu MHz"));
    let limits = cgroup::limits();
    let (commit_hash, changed_files) = checkout::commit(root).unzip();
    let commit_hash = commit_hash.or_else(commit_of_image);
    MachineFile {
        cpu: cpuinfo.as_ref().map_or_else(|| cpu::UNKNOWN.to_owned(), cpu::model),
        cpus: usable.count(),
        memory_mib: memory_mib(),
        kernel: uname()
            .map(|name| name.release().to_string_lossy().into_owned())
            .unwrap_or_default(),
        governor: governor(),
        virtualisation: if virtual_machine { "virtual machine".into() } else { String::new() },
        commit: short(commit_hash.as_deref(), changed_files),
        cpu_id: cpuinfo.as_ref().map(cpu::id).unwrap_or_default(),
        microcode: field("microcode").unwrap_or_default().to_owned(),
        sockets: topology.map(|(sockets, _)| sockets),
        cores: topology.map(|(_, cores)| cores),
        threads_per_core: cpu::threads_per_core(cpus),
        shared_cores: shared_cores(usable),
        memory_nodes: system::memory_nodes(Path::new("/sys/devices/system/node")),
        mhz,
        max_mhz,
        turbo: cpu::turbo(cpus),
        swap_mib: Meminfo::current().ok().map(|memory| mib(memory.swap_total)),
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
        changes: checkout::changes(root),
        build: build::facts(root),
        caches: cpu::caches(cpus),
        mitigations: system::mitigations(&cpus.join("vulnerabilities")),
        sysctls: system::sysctls(Path::new("/proc/sys")),
        tools: software::tools(root),
        crates: software::crates(root),
        ..MachineFile::default()
    }
}

/// The commit that the container image was built from, in the variable `COMMIT`: there is no checkout in an image.
fn commit_of_image() -> Option<String> {
    std::env::var("COMMIT").ok().filter(|commit| !commit.is_empty() && commit != "unknown")
}

/// The commit of the checkout, with `+` where files differ from it; `None` where there is none.
#[must_use]
pub fn commit(root: &Path) -> Option<String> {
    checkout::commit(root)
        .map(|(hash, changed)| if changed == 0 { hash } else { format!("{hash}+") })
}

/// The label of a run: the CPU's model and the number of CPUs, as in `amd-epyc-7763-8c`.
#[must_use]
pub fn label(machine: &MachineFile) -> String {
    let words = machine.cpu.split(|c: char| !c.is_ascii_alphanumeric());
    // Words of model names that identify nothing.
    let noise = ["", "cpu", "processor", "core", "r", "tm"];
    let slug: Vec<String> =
        words.map(str::to_lowercase).filter(|word| !noise.contains(&word.as_str())).collect();
    format!("{}-{}c", slug.join("-"), machine.cpus)
}

/// The CPUs of each core that has several (SMT), of those that `usable` has any of.
#[must_use]
pub fn shared_cores(usable: &Cpus) -> Vec<Cpus> {
    cpu::cores(Path::new("/sys/devices/system/cpu"), usable)
}

/// The frequency governor of the first CPU; empty if there is none.
#[must_use]
pub fn governor() -> String {
    let path = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// The machine's memory in MiB; 0 where the kernel does not say.
#[must_use]
pub fn memory_mib() -> u64 {
    Meminfo::current().map_or(0, |memory| mib(memory.mem_total))
}

/// The memory that programs can still get without swapping, in MiB; 0 where the kernel does not say.
#[must_use]
pub fn available_mib() -> u64 {
    Meminfo::current().ok().and_then(|memory| memory.mem_available).map_or(0, mib)
}

/// Parses a size in Docker's notation, as in `512m` or `64g`, into MiB; `None` where it is not a size.
#[must_use]
pub fn mib_of(size: &str) -> Option<u64> {
    let size = size.trim().to_lowercase();
    let number = size.trim_end_matches('b');
    // Docker's k, m, g and t are powers of 1,024; the crate takes them for powers of 1,000.
    let unit = if number.ends_with(['k', 'm', 'g', 't']) { "ib" } else { "" };
    format!("{number}{unit}").parse::<ByteSize>().ok().map(|size| mib(size.as_u64()))
}

/// Converts bytes to MiB, rounding down.
fn mib(bytes: u64) -> u64 {
    bytes / bytesize::MIB
}

/// The content of a file without the white space around it; empty where it cannot be read.
fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn number(path: &Path) -> Option<u64> {
    text(path).parse().ok()
}

/// The first 12 digits of a commit's hash, with `+` where files differ from it.
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
    fn sizes_in_dockers_notation_are_read() {
        let sizes =
            ["64g", "512m", "1073741824", "2GB", "1.5g", "524288k", "much", "-1"].map(mib_of);
        let expected = [65_536, 512, 1024, 2048, 1536, 512].map(Some);
        assert_eq!(sizes[..6], expected);
        assert_eq!(sizes[6..], [None, None]);
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
