//! Facts about the kernel and the distribution.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::text;

/// Kernel settings that affect connections over the loopback interface, and memory.
const SYSCTLS: [&str; 11] = [
    "fs.file-max",
    "kernel.sched_autogroup_enabled",
    "net.core.somaxconn",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_autocorking",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_tw_reuse",
    "net.ipv4.tcp_wmem",
    "vm.swappiness",
];
/// Words of the kernel's command line that affect measurements. Other words may identify the machine's owner.
const BOOT: [&str; 3] = ["isolcpus", "nohz_full", "mitigations"];

/// The values of those [`SYSCTLS`] that the kernel has.
pub(super) fn sysctls(proc_sys: &Path) -> BTreeMap<String, String> {
    let found = SYSCTLS.iter().map(|name| {
        let value = text(&proc_sys.join(name.replace('.', "/")));
        ((*name).to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    found.filter(|(_, value)| !value.is_empty()).collect()
}

/// The state of the mitigation of each known CPU vulnerability.
pub(super) fn mitigations(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .map(|file| (file.file_name().to_string_lossy().into_owned(), text(&file.path())))
        .filter(|(_, state)| !state.is_empty())
        .collect()
}

/// The words of a kernel command line that [`BOOT`] lists.
pub(super) fn boot(command_line: &str) -> Vec<String> {
    let is_listed = |word: &&str| {
        let name = word.split_once('=').map_or(*word, |(name, _)| name);
        BOOT.contains(&name)
    };
    command_line.split_whitespace().filter(is_listed).map(ToOwned::to_owned).collect()
}

/// The name and version in `/etc/os-release`.
pub(super) fn distribution(os_release: &str) -> String {
    let name = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
}

/// The selected word of a kernel file that lists choices, as in `always [madvise] never`.
pub(super) fn chosen(choices: &str) -> String {
    let word =
        choices.split_whitespace().find_map(|word| word.strip_prefix('[')?.strip_suffix(']'));
    word.unwrap_or_default().to_owned()
}

/// The number of memory nodes in `/sys/devices/system/node`.
pub(super) fn memory_nodes(folder: &Path) -> Option<usize> {
    let nodes = fs::read_dir(folder).ok()?.flatten().filter(|entry| {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("node"));
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    });
    Some(nodes.count()).filter(|count| *count > 0)
}

/// The result of `systemd-detect-virt` with the option `kind`; empty where it detects nothing, or is not installed.
pub(super) fn detected(kind: &str) -> String {
    let output = Command::new("systemd-detect-virt").arg(kind).output().ok();
    let found = output.filter(|output| output.status.success());
    found
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_kernel_and_the_distribution_are_read() {
        assert_eq!(
            boot(
                "root=/dev/sda1 host=secret isolcpus=2-3 quiet mitigations=auto,nosmt nohz_full=2-3\n"
            ),
            ["isolcpus=2-3", "mitigations=auto,nosmt", "nohz_full=2-3"]
        );
        let debian = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n";
        assert_eq!(distribution(debian), "Debian GNU/Linux 12 (bookworm)");
        assert_eq!(distribution("PRETTY_NAME=Void\n"), "Void");
        assert_eq!(chosen("always [madvise] never"), "madvise");
        assert_eq!(chosen(""), "");
    }

    #[test]
    fn folders_of_the_kernel_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (file, text) in [
            ("net/ipv4/ip_local_port_range", "32768\t60999\n"),
            ("vm/swappiness", "60\n"),
            ("flaws/spectre_v2", "Mitigation: Retpolines\n"),
            ("nodes/node0/cpulist", "0-1\n"),
            ("nodes/node12/cpulist", "2-3\n"),
            ("nodes/online", "0,12\n"),
        ] {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let all: Vec<_> = sysctls(root).into_iter().collect();
        let expected = [("net.ipv4.ip_local_port_range", "32768 60999"), ("vm.swappiness", "60")];
        assert_eq!(all, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(mitigations(&root.join("flaws"))["spectre_v2"], "Mitigation: Retpolines");
        assert_eq!(memory_nodes(&root.join("nodes")), Some(2));
        assert_eq!(memory_nodes(&root.join("none")), None);
    }
}
