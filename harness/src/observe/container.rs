//! A container, by its control groups: the resources that all its processes have used, including those that have
//! ended.

use std::io;
use std::path::PathBuf;

use super::meter::{CpuReading, Meter};
use super::processes::Processes;
use super::usage::Threads;
use crate::os::cgroup::{self, Groups, Limits};
use crate::units::Nanos;

/// The control groups of one container, of version 1 or 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The group that accounts for its CPU time.
    cpu_time: PathBuf,
    /// The group that limits its CPU time.
    cpu_limit: PathBuf,
    cpuset: Option<PathBuf>,
    memory: PathBuf,
}

impl Container {
    /// The container that the process `pid` runs in.
    ///
    /// # Errors
    /// When the process is gone, or its groups cannot be seen from here.
    pub fn of(pid: u32) -> io::Result<Container> {
        let groups = Groups::of(&pid.to_string())
            .ok_or_else(|| io::Error::other(format!("process {pid} is gone, or hidden")))?;
        let own = |controller: &str| groups.folders(controller).into_iter().next();
        let seen = |controller: &str| {
            own(controller).filter(|folder| folder.is_dir()).ok_or_else(|| {
                io::Error::other(format!(
                    "the {controller} control group of process {pid} cannot be seen from here"
                ))
            })
        };
        Ok(Container {
            cpu_time: seen("cpuacct")?,
            cpu_limit: seen("cpu")?,
            cpuset: own("cpuset"),
            memory: seen("memory")?,
        })
    }

    /// CPU time of all its processes since it started. The kernel accounts a running thread's at its clock's next tick.
    ///
    /// # Errors
    /// When the container is gone.
    pub fn cpu_time(&self) -> io::Result<Nanos> {
        // Version 1 counts in nanoseconds, version 2 in microseconds.
        let time = match cgroup::text(&self.cpu_time, "cpuacct.usage") {
            Some(nanos) => nanos.parse().ok(),
            None => cgroup::text(&self.cpu_time, "cpu.stat")
                .and_then(|stat| Some(value(&stat, "usage_usec")? * 1000)),
        };
        time.map(Nanos).ok_or_else(|| io::Error::other("the container is gone"))
    }

    /// The anonymous memory of all its processes now, without the page cache.
    #[must_use]
    pub fn anonymous_kib(&self) -> u64 {
        let stat = cgroup::text(&self.memory, "memory.stat").unwrap_or_default();
        let bytes = value(&stat, "total_rss").or_else(|| value(&stat, "anon"));
        bytes.unwrap_or(0) / 1024
    }

    /// How long its quota kept it from running since it started; absent without a quota.
    #[must_use]
    pub fn throttled(&self) -> Option<Nanos> {
        cgroup::throttled_in(std::slice::from_ref(&self.cpu_limit))
    }

    /// The limits of the container.
    #[must_use]
    pub fn limits(&self) -> Limits {
        cgroup::limits_in(&self.cpu_limit, self.cpuset.as_deref(), &self.memory)
    }

    /// The process ids of its present processes, as this process sees them.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        let listed = cgroup::text(&self.cpu_time, "cgroup.procs").unwrap_or_default();
        // 0 stands for a process that this one cannot see.
        listed.lines().filter_map(|pid| pid.parse().ok()).filter(|pid| *pid != 0).collect()
    }
}

/// The meter of a part that has a container of its own. CPU time and memory are the container's own account, which holds
/// what ended processes have used; the rest is read from the processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contained {
    container: Container,
    /// The processes, as they were when they were listed, led by the container's first.
    processes: Processes,
}

impl Contained {
    /// The meter of the container whose first process is `pid`.
    ///
    /// # Errors
    /// When the process is gone, or its container cannot be seen from here.
    pub fn of(pid: u32) -> io::Result<Contained> {
        let container = Container::of(pid)?;
        let others = container.processes().into_iter().filter(|other| *other != pid);
        let processes = Processes::led_by(pid, others.collect());
        Ok(Contained { container, processes })
    }
}

impl Meter for Contained {
    fn cpu(&self) -> io::Result<CpuReading> {
        // The group may outlive its processes.
        if !self.processes.lead() {
            return Err(io::Error::other("its first process has ended"));
        }
        CpuReading::now(|| self.container.cpu_time())
    }

    fn throttled(&self) -> Option<Nanos> {
        self.container.throttled()
    }

    fn files(&self) -> Option<u64> {
        self.processes.files()
    }

    fn threads(&self) -> Threads {
        self.processes.threads()
    }

    fn connections(&self) -> Option<u64> {
        self.processes.connections()
    }

    fn anonymous_kib(&self) -> u64 {
        self.container.anonymous_kib()
    }

    /// The resident memory of its processes: the container's own account has all files that they ever read.
    fn resident_kib(&self) -> Option<u64> {
        self.processes.resident_kib()
    }
}

/// The number behind `name` in the kernel's `name number` lines.
fn value(stat: &str, name: &str) -> Option<u64> {
    stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn write(folder: &Path, files: &[(&str, &str)]) {
        fs::create_dir_all(folder).unwrap();
        for (file, text) in files {
            fs::write(folder.join(file), text).unwrap();
        }
    }

    #[test]
    fn both_versions_tell_what_a_container_used_without_the_page_cache() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("1"), folder.path().join("2"));
        write(
            &one,
            &[
                ("cpuacct.usage", "1234567\n"),
                (
                    "memory.stat",
                    "cache 4096000\nrss 1024\ntotal_cache 4096000\ntotal_rss 2097152\n",
                ),
                ("cpu.cfs_quota_us", "600000\n"),
                ("cpu.cfs_period_us", "100000\n"),
                ("cpu.stat", "nr_periods 9\nnr_throttled 2\nthrottled_time 7000\n"),
                ("memory.limit_in_bytes", "1073741824\n"),
                ("cgroup.procs", "12\n34\n0\n"),
            ],
        );
        write(
            &two,
            &[
                ("cpu.stat", "usage_usec 1234\nuser_usec 1000\nnr_throttled 0\nthrottled_usec 7\n"),
                ("cpu.max", "600000 100000\n"),
                ("memory.stat", "anon 2097152\nfile 4096000\n"),
                ("memory.max", "1073741824\n"),
                ("cpuset.cpus.effective", "0-1\n"),
                ("cgroup.procs", "12\n34\n"),
            ],
        );
        let container = |folder: &Path| Container {
            cpu_time: folder.to_owned(),
            cpu_limit: folder.to_owned(),
            cpuset: Some(folder.to_owned()),
            memory: folder.to_owned(),
        };
        let (one, two) = (container(&one), container(&two));
        assert_eq!(
            (one.cpu_time().unwrap(), two.cpu_time().unwrap()),
            (Nanos(1_234_567), Nanos(1_234_000))
        );
        assert_eq!((one.anonymous_kib(), two.anonymous_kib()), (2048, 2048));
        assert_eq!((one.throttled(), two.throttled()), (Some(Nanos(7000)), Some(Nanos(7000))));
        assert_eq!((one.processes(), two.processes()), (vec![12, 34], vec![12, 34]));
        assert_eq!(
            two.limits(),
            Limits { cpus: Some(6.0), cpuset: "0-1".into(), memory_mib: Some(1024) }
        );
        assert_eq!(one.limits(), Limits { cpuset: String::new(), ..two.limits() });
        fs::remove_dir_all(&one.cpu_time).unwrap();
        assert!(one.cpu_time().is_err());
    }
}
