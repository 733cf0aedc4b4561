//! The processes of one part: the server, the database, or the load.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::thread;

use nix::sys::time::TimeValLike;
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use super::meter::{CpuReading, Meter};
use super::sockets::opened;
use super::usage::Threads;
use crate::os::cgroup;
use crate::os::process;
use crate::units::Nanos;

/// The processes of one part, as they were when they were listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processes {
    /// The processes that the part is gone without.
    leading: Vec<u32>,
    /// Processes that may end while the part goes on.
    others: Vec<u32>,
    /// Whether the children of the leading process belong to it, as they are whenever it is read.
    with_children: bool,
    /// Whether a leading process that has ended still counts until it is waited for.
    ended_count: bool,
}

impl Processes {
    /// One process, without those that it may have started.
    #[must_use]
    pub fn alone(pid: u32) -> Processes {
        Processes::led_by(pid, Vec::new())
    }

    /// The shards of a load, none of which may be missing.
    ///
    /// A shard that has ended still counts until it is waited for: it may end as soon as the window has ended, before its
    /// CPU time is read. The load itself reports a shard that ends too early.
    #[must_use]
    pub fn shards(pids: Vec<u32>) -> Processes {
        Processes { ended_count: true, ..Processes::of(pids, Vec::new()) }
    }

    /// One process, and others that go with it.
    #[must_use]
    pub(super) fn led_by(pid: u32, others: Vec<u32>) -> Processes {
        Processes::of(vec![pid], others)
    }

    /// One process and its children, which may come and go: a database may have a process for each connection.
    #[must_use]
    pub fn with_children(pid: u32) -> Processes {
        Processes { with_children: true, ..Processes::of(vec![pid], Vec::new()) }
    }

    fn of(leading: Vec<u32>, others: Vec<u32>) -> Processes {
        Processes { leading, others, with_children: false, ended_count: false }
    }

    /// A process and all its descendants, since a server may answer from several.
    #[must_use]
    pub fn tree(pid: u32) -> Processes {
        Processes::led_by(pid, tree(pid).split_off(1))
    }

    /// Whether all leading processes still run.
    pub(super) fn lead(&self) -> bool {
        self.leading.iter().all(|pid| process::is_running(*pid))
    }

    fn iter(&self) -> impl Iterator<Item = u32> {
        self.leading.iter().copied().chain(self.others())
    }

    fn others(&self) -> impl Iterator<Item = u32> {
        let leading = self.leading.iter().filter(|_| self.with_children);
        self.others.iter().copied().chain(leading.flat_map(|pid| children(*pid)))
    }

    /// The sum of a field of `/proc/PID/status` that is a size in KiB.
    fn memory_kib(&self, name: &str) -> u64 {
        let mut text = String::new();
        let of = |pid| {
            read(&format!("/proc/{pid}/status"), &mut text);
            field(&text, name)
        };
        self.iter().map(of).sum()
    }

    fn cpu_time(&self) -> io::Result<Nanos> {
        let mut all = Nanos(0);
        for pid in &self.leading {
            all += cpu_time(*pid)?;
        }
        for pid in self.others() {
            // It may have ended since it was listed.
            all += cpu_time(pid).unwrap_or_default();
        }
        Ok(all)
    }
}

impl Meter for Processes {
    fn cpu(&self) -> io::Result<CpuReading> {
        let reading = CpuReading::now(|| self.cpu_time())?;
        // The clock of a process that has ended can be read until the process is waited for.
        if self.ended_count || self.lead() {
            Ok(reading)
        } else {
            Err(io::Error::other("its process has ended"))
        }
    }

    fn throttled(&self) -> Option<Nanos> {
        self.leading.first().and_then(|pid| cgroup::throttled_apart(*pid))
    }

    fn files(&self) -> Option<u64> {
        self.iter().map(open_files).sum()
    }

    fn threads(&self) -> Threads {
        let mut all = Threads::default();
        let (mut path, mut text) = (String::new(), String::new());
        for pid in self.iter() {
            for thread in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten()
            {
                path.clear();
                let name = thread.file_name();
                // Writing to a String cannot fail.
                let _ = write!(path, "/proc/{pid}/task/{}/status", name.to_string_lossy());
                // Others may wait for this CPU.
                thread::yield_now();
                if read(&path, &mut text) {
                    all.count += 1;
                    all.waits += field(&text, "voluntary_ctxt_switches:");
                    all.preemptions += field(&text, "nonvoluntary_ctxt_switches:");
                }
            }
        }
        all
    }

    fn connections(&self) -> Option<u64> {
        opened(self.iter())
    }

    fn anonymous_kib(&self) -> u64 {
        self.memory_kib("RssAnon:")
    }

    fn resident_kib(&self) -> Option<u64> {
        Some(self.memory_kib("VmRSS:"))
    }
}

/// CPU time that the process `pid` has used since it started, all its threads together, ended ones
/// included, in nanoseconds by the scheduler's account (`/proc/PID/stat` counts in ticks of 10 ms).
///
/// # Errors
/// When the process is gone.
pub fn cpu_time(pid: u32) -> io::Result<Nanos> {
    let clock = clock_getcpuclockid(Pid::from_raw(pid as i32))?;
    // It never runs backwards from 0.
    Ok(Nanos(clock_gettime(clock)?.num_nanoseconds() as u64))
}

/// A process and all its descendants.
#[must_use]
pub fn tree(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        next += 1;
        found.extend(children(parent));
    }
    found
}

/// The children of a process.
fn children(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for thread in fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten() {
        thread::yield_now();
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        found.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    found
}

/// Open file descriptors; absent where the process is not ours to look into.
fn open_files(pid: u32) -> Option<u64> {
    let folder = format!("/proc/{pid}/fd");
    // Kernels since 6.2 give the number without listing the descriptors; older ones give 0.
    match fs::metadata(&folder).ok()?.len() {
        0 => Some(fs::read_dir(folder).ok()?.count() as u64),
        count => Some(count),
    }
}

/// Reads a file of the kernel into `text`, and returns whether that succeeded.
fn read(path: &str, text: &mut String) -> bool {
    text.clear();
    // Its length is unknown. With room for it, and without asking, two system calls read it instead of ten.
    text.reserve(4096);
    File::open(path).and_then(|file| file.take(u64::MAX).read_to_string(text)).is_ok()
}

/// The number after `name` at the start of a line; 0 where there is none.
fn field(status: &str, name: &str) -> u64 {
    let rest = status.lines().find_map(|line| line.strip_prefix(name));
    rest.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Barrier};
    use std::time::{Duration, Instant};

    #[test]
    fn every_thread_counts() {
        let barrier = Arc::new(Barrier::new(41));
        let threads: Vec<_> = (0..40)
            .map(|_| {
                let barrier = barrier.clone();
                thread::spawn(move || (barrier.wait(), barrier.wait()))
            })
            .collect();
        barrier.wait();
        let own = Processes::alone(std::process::id());
        let counted = own.threads();
        barrier.wait();
        threads.into_iter().for_each(|thread| {
            thread.join().unwrap();
        });
        assert!(counted.count > 40, "{counted:?}");
        // All threads except the last one had to wait.
        assert!(counted.waits >= 39, "{counted:?}");
        assert!(own.anonymous_kib() > 100);
        assert!(own.files().unwrap() > 2);
        assert!(own.cpu().unwrap().cpu > Nanos(0));
    }

    #[test]
    fn a_part_is_gone_without_a_leading_process_and_not_without_another() {
        let (own, ended) = (std::process::id(), ended());
        assert!(Processes::led_by(own, vec![ended]).cpu().is_ok());
        assert!(Processes::shards(vec![own, ended]).cpu().is_err());
        assert!(!Processes::shards(vec![own, ended]).lead());
    }

    #[test]
    fn a_process_that_has_ended_and_is_not_waited_for_is_gone_unless_it_is_a_shard() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while process::is_running(child.id()) {
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(Duration::from_millis(1));
        }
        assert!(cpu_time(child.id()).is_ok(), "its clock can still be read");
        assert!(Processes::alone(child.id()).cpu().is_err());
        assert!(Processes::tree(child.id()).cpu().is_err());
        assert!(Processes::shards(vec![child.id()]).cpu().is_ok());
        child.wait().unwrap();
        assert!(Processes::shards(vec![child.id()]).cpu().is_err());
    }

    /// The number of a process that has ended.
    fn ended() -> u32 {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    }

    #[test]
    fn a_field_is_the_one_of_its_line() {
        let status = "Name:\tx\nRssAnon:\t    1234 kB\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t9\n";
        assert_eq!(field(status, "RssAnon:"), 1234);
        assert_eq!(field(status, "voluntary_ctxt_switches:"), 7);
        assert_eq!(field(status, "nonvoluntary_ctxt_switches:"), 9);
        assert_eq!(field(status, "RssFile:"), 0);
    }
}
