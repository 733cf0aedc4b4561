//! Control groups: the limits that they set for a process, and how long they kept it from running.
//!
//! A limit of a group also holds for all groups below it. So a process is bound by the tightest limit between its own
//! group and the topmost group that is visible from here; inside a container, that is the container's group.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytesize::MIB;
use procfs::process::MountInfo;
use procfs::{FromBufRead, ProcessCGroups};
use serde::{Deserialize, Serialize};

use crate::units::Nanos;

/// The limits that control groups set for a process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// The quota in CPUs' worth of time, as in 1.5; absent without a quota.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpus: Option<f64>,
    /// The CPUs that the process may run on, in the kernel's notation; empty where the kernel does not say.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub cpuset: String,
    /// The memory limit in MiB; absent without a limit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub memory_mib: Option<u64>,
}

/// The limits of this process.
#[must_use]
pub fn limits() -> Limits {
    let Some(groups) = Groups::of("self") else { return Limits::default() };
    let all = |controller| groups.folders(controller);
    let quotas = all("cpu").iter().filter_map(|group| quota(group)).reduce(f64::min);
    let memory = all("memory").iter().filter_map(|group| memory(group)).min();
    let cpuset = all("cpuset").iter().find_map(|group| cpuset(group));
    Limits {
        cpus: quotas,
        cpuset: cpuset.unwrap_or_default(),
        memory_mib: memory.map(|bytes| bytes / MIB),
    }
}

/// The limits of one group. Its controllers may lie in different folders.
pub(crate) fn limits_in(cpu: &Path, cpus: Option<&Path>, memory_folder: &Path) -> Limits {
    Limits {
        cpus: quota(cpu),
        cpuset: cpus.and_then(cpuset).unwrap_or_default(),
        memory_mib: memory(memory_folder).map(|bytes| bytes / MIB),
    }
}

/// How long the quota of this process's group has kept the group's processes from running, since the group began.
///
/// Returns `None` without a quota.
#[must_use]
pub fn throttled() -> Option<Nanos> {
    static OWN: OnceLock<Vec<PathBuf>> = OnceLock::new();
    throttled_in(
        OWN.get_or_init(|| {
            Groups::of("self").map(|groups| groups.folders("cpu")).unwrap_or_default()
        }),
    )
}

/// How long the quota of another process's group has kept that group's processes from running, since the group began.
///
/// Returns `None` without a quota, and where `pid` is in the same group as this process.
#[must_use]
pub fn throttled_apart(pid: u32) -> Option<Nanos> {
    static OWN: OnceLock<Option<Groups>> = OnceLock::new();
    let own = OWN.get_or_init(|| Groups::of("self")).as_ref()?;
    let membership = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    if membership == own.membership {
        return None;
    }
    throttled_in(&Groups { membership, mounts: Arc::clone(&own.mounts) }.folders("cpu"))
}

pub(crate) fn throttled_in(groups: &[PathBuf]) -> Option<Nanos> {
    let bound = groups.iter().filter(|group| quota(group).is_some());
    bound.filter_map(|group| stall(&text(group, "cpu.stat")?)).reduce(|all, one| all + one)
}

/// The control groups of a process, as the kernel lists them.
pub(crate) struct Groups {
    /// The content of `/proc/PID/cgroup`.
    membership: String,
    /// The mounts that this process sees.
    mounts: Arc<[MountInfo]>,
}

impl Groups {
    /// The groups of the process `pid`: a number, or `self`.
    pub(crate) fn of(pid: &str) -> Option<Groups> {
        let membership = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        Some(Groups::new(membership, &fs::read_to_string("/proc/self/mountinfo").ok()?))
    }

    /// Groups from the kernel's own texts. A mount that cannot be parsed is none of a control group's.
    fn new(membership: String, mounts: &str) -> Groups {
        let mounts = mounts.lines().filter_map(|line| MountInfo::from_line(line).ok());
        Groups { membership, mounts: mounts.collect() }
    }

    /// The folders of a controller, from the process's own group up to the topmost.
    pub(crate) fn folders(&self, controller: &str) -> Vec<PathBuf> {
        let Ok(ProcessCGroups(groups)) = ProcessCGroups::from_buf_read(self.membership.as_bytes())
        else {
            return Vec::new();
        };
        let own = groups.iter().find(|group| group.controllers.iter().any(|it| it == controller));
        // A controller that version 1 does not list belongs to version 2, whose line lists none.
        let (version, wanted) =
            if own.is_some() { ("cgroup", controller) } else { ("cgroup2", "") };
        let group = own.or_else(|| groups.iter().find(|group| group.controllers.is_empty()));
        let (Some(group), Some(mount)) = (group, self.mount(version, wanted)) else {
            return Vec::new();
        };
        // In a container that sees its host's name for the group, the mount's root is the group itself.
        let below = Path::new(&group.pathname).strip_prefix(&mount.root).unwrap_or(Path::new(""));
        below.ancestors().map(|part| mount.mount_point.join(part)).collect()
    }

    /// The mount of a controller, or the first of its version where `controller` is empty.
    fn mount(&self, version: &str, controller: &str) -> Option<&MountInfo> {
        self.mounts.iter().find(|mount| {
            mount.fs_type == version
                && (controller.is_empty() || mount.super_options.contains_key(controller))
        })
    }
}

pub(crate) fn text(group: &Path, file: &str) -> Option<String> {
    fs::read_to_string(group.join(file)).ok().map(|text| text.trim().to_owned())
}

/// The quota of a group in CPUs' worth of time.
fn quota(group: &Path) -> Option<f64> {
    let (quota, period) = match text(group, "cpu.max") {
        Some(both) => {
            let (quota, period) = both.split_once(' ')?;
            (quota.to_owned(), period.to_owned())
        }
        None => (text(group, "cpu.cfs_quota_us")?, text(group, "cpu.cfs_period_us")?),
    };
    // `max` and -1 mean that there is no quota.
    let quota: f64 = quota.parse().ok().filter(|quota| *quota > 0.0)?;
    Some(quota / period.parse::<f64>().ok()?)
}

/// The memory limit of a group in bytes.
fn memory(group: &Path) -> Option<u64> {
    let limit = text(group, "memory.max").or_else(|| text(group, "memory.limit_in_bytes"))?;
    // Version 1 writes the largest number of pages where there is no limit.
    limit.parse().ok().filter(|bytes| *bytes < 1 << 60)
}

fn cpuset(group: &Path) -> Option<String> {
    let files = ["cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"];
    files.iter().find_map(|file| text(group, file)).filter(|cpus| !cpus.is_empty())
}

/// The time that a `cpu.stat` gives: microseconds in version 2, nanoseconds in version 1.
fn stall(stat: &str) -> Option<Nanos> {
    stat.lines().find_map(|line| match line.split_once(' ')? {
        ("throttled_usec", time) => Some(Nanos(time.parse::<u64>().ok()? * 1000)),
        ("throttled_time", time) => Some(Nanos(time.parse().ok()?)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(membership: &str, mounts: &str, controller: &str) -> Vec<String> {
        let groups = Groups::new(membership.into(), mounts);
        let folders = groups.folders(controller);
        folders.iter().map(|folder| folder.display().to_string()).collect()
    }

    const V2: &str = "25 30 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
    const V1: &str = "30 20 0:25 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n\
        31 30 0:26 /docker/ab /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
        32 30 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n";

    #[test]
    fn the_folders_go_from_the_own_group_to_the_uppermost() {
        let v2 = "0::/user.slice/run.scope\n";
        assert_eq!(
            folders(v2, V2, "cpu"),
            ["/sys/fs/cgroup/user.slice/run.scope", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup/"]
        );
        let v1 = "5:cpu,cpuacct:/docker/ab\n4:memory:/job\n0::/\n";
        assert_eq!(folders(v1, V1, "cpu"), ["/sys/fs/cgroup/cpu,cpuacct/"]);
        assert_eq!(
            folders(v1, V1, "memory"),
            ["/sys/fs/cgroup/memory/job", "/sys/fs/cgroup/memory/"]
        );
        assert_eq!(folders(v1, V1, "cpuset"), [""; 0]);
    }

    #[test]
    fn limits_and_stalls_are_read_in_both_versions() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("1"), folder.path().join("2"));
        for (group, file, text) in [
            (&one, "cpu.cfs_quota_us", "150000\n"),
            (&one, "cpu.cfs_period_us", "100000\n"),
            (&one, "memory.limit_in_bytes", "9223372036854771712\n"),
            (&one, "cpu.stat", "nr_periods 9\nnr_throttled 2\nthrottled_time 7000\n"),
            (&two, "cpu.max", "max 100000\n"),
            (&two, "memory.max", "1073741824\n"),
            (&two, "cpu.stat", "usage_usec 5\nthrottled_usec 7\n"),
            (&two, "cpuset.cpus.effective", "0-3\n"),
        ] {
            fs::create_dir_all(group).unwrap();
            fs::write(group.join(file), text).unwrap();
        }
        assert_eq!((quota(&one), quota(&two)), (Some(1.5), None));
        assert_eq!((memory(&one), memory(&two)), (None, Some(1 << 30)));
        assert_eq!((cpuset(&one), cpuset(&two)), (None, Some("0-3".into())));
        // A group without a quota does not count.
        assert_eq!(throttled_in(&[one.clone(), two.clone()]), Some(Nanos(7000)));
        assert_eq!(stall(&text(&two, "cpu.stat").unwrap()), Some(Nanos(7000)));
        assert_eq!(throttled_in(&[two]), None);
    }
}
