//! What this machine is: never its name.

use std::fs;
use std::path::Path;
use std::process::Command;

use nix::sys::utsname::uname;

use crate::format::run::MachineFile;
use crate::placement::Cpus;

/// Reads what the kernel and the checkout tell; what they do not tell stays empty.
#[must_use]
pub fn describe(root: &Path, usable: &Cpus) -> MachineFile {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let virtual_machine = field(&cpuinfo, "flags")
        .is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor"));
    MachineFile {
        cpu: field(&cpuinfo, "model name").unwrap_or("unknown CPU").to_owned(),
        cpus: usable.count(),
        memory_mib: memory_mib(),
        kernel: uname()
            .map(|name| name.release().to_string_lossy().into_owned())
            .unwrap_or_default(),
        governor: governor(),
        virtualisation: if virtual_machine { "virtual machine".into() } else { String::new() },
        commit: commit(root),
        ..MachineFile::default()
    }
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
    let total = field(&meminfo, "MemTotal").and_then(|value| value.split(' ').next()?.parse().ok());
    total.unwrap_or(0u64) / 1024
}

/// The value behind `name` in the kernel's `name : value` lines.
pub(crate) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim())
    })
}

fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(root).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".into() };
    // Earlier results do not change what is measured.
    let changed = git(&["status", "--porcelain", "--", ".", ":!results", ":!README.md"]);
    let dirty = changed.is_none_or(|files| !files.is_empty());
    format!("{commit}{}", if dirty { "+" } else { "" })
}

/// What makes figures of two machines incomparable.
pub fn unlike(_then: &MachineFile, _now: &MachineFile) -> Vec<String> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_the_cpu_and_its_cores() {
        let label = |cpu: &str, cpus| {
            label(&MachineFile { cpu: cpu.into(), cpus, ..MachineFile::default() })
        };
        assert_eq!(label("AMD EPYC 7763 64-Core Processor", 8), "amd-epyc-7763-64-8c");
        assert_eq!(label("Intel(R) Xeon(R) CPU @ 2.20GHz", 2), "intel-xeon-2-20ghz-2c");
    }
}
