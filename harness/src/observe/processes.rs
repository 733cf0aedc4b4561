//! The processes of one part: the server, the database, or one shard of the load.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::thread;

use nix::sys::time::TimeValLike;
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use crate::observe::usage::Usage;
use crate::os::cgroup;
use crate::os::process;
use crate::units::Nanos;

/// The processes of one part; the first is the one that the others descend from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processes(Vec<u32>);

impl Processes {
    /// One process, whatever it may have started.
    #[must_use]
    pub fn alone(pid: u32) -> Processes {
        Processes(vec![pid])
    }

    /// These, of which there is at least one.
    #[must_use]
    pub(super) fn these(pids: Vec<u32>) -> Processes {
        Processes(pids)
    }

    /// A process and all that descend from it: a server may answer in several.
    #[must_use]
    pub fn tree(pid: u32) -> Processes {
        Processes(tree(pid))
    }

    /// Whether the first still runs.
    pub(super) fn first_runs(&self) -> bool {
        process::is_running(self.0[0])
    }

    /// CPU time of all of them since they started.
    ///
    /// # Errors
    /// When the first is gone.
    pub fn cpu(&self) -> io::Result<Nanos> {
        let mut all = cpu_time(self.0[0])?;
        for pid in &self.0[1..] {
            // A descendant may have ended since it was listed.
            all += cpu_time(*pid).unwrap_or_default();
        }
        Ok(all)
    }

    /// Anonymous memory of all of them, now.
    #[must_use]
    pub fn anonymous_kib(&self) -> u64 {
        let mut text = String::new();
        let of = |pid| {
            read(&format!("/proc/{pid}/status"), &mut text);
            field(&text, "RssAnon:")
        };
        self.0.iter().map(of).sum()
    }

    /// What they have used, with the CPU time that was read before: all parts' at one moment.
    #[must_use]
    pub fn usage(&self, cpu: Nanos) -> Usage {
        let mut all = Usage { cpu, ..Usage::default() };
        let (mut threads, mut voluntary, mut involuntary, mut files) = (0, 0, 0, Some(0));
        let (mut path, mut text) = (String::new(), String::new());
        for pid in &self.0 {
            let mut first = true;
            for thread in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten()
            {
                path.clear();
                let name = thread.file_name();
                // A String takes all that is written to it.
                let _ = write!(path, "/proc/{pid}/task/{}/status", name.to_string_lossy());
                // A thread takes some 12 µs, and the load that is being measured may wait for this CPU.
                thread::yield_now();
                if !read(&path, &mut text) {
                    continue;
                }
                if std::mem::take(&mut first) {
                    all.anonymous_kib += field(&text, "RssAnon:");
                }
                threads += 1;
                voluntary += field(&text, "voluntary_ctxt_switches:");
                involuntary += field(&text, "nonvoluntary_ctxt_switches:");
            }
            files = files.zip(open_files(*pid)).map(|(all, of_one)| all + of_one);
        }
        Usage {
            voluntary_switches: Some(voluntary),
            involuntary_switches: Some(involuntary),
            threads: Some(threads),
            files,
            throttled: cgroup::throttled_apart(self.0[0]),
            ..all
        }
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

/// `pid` and all that descend from it.
#[must_use]
pub fn tree(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        next += 1;
        let Ok(threads) = fs::read_dir(format!("/proc/{parent}/task")) else { continue };
        for thread in threads.flatten() {
            thread::yield_now();
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
    found
}

/// Open file descriptors; absent where the process is not ours to look into.
fn open_files(pid: u32) -> Option<u64> {
    let folder = format!("/proc/{pid}/fd");
    // Kernels from 6.2 on tell how many there are without listing them; older ones tell 0.
    match fs::metadata(&folder).ok()?.len() {
        0 => Some(fs::read_dir(folder).ok()?.count() as u64),
        count => Some(count),
    }
}

/// Reads a file of the kernel's over what `text` held, and says whether it could.
fn read(path: &str, text: &mut String) -> bool {
    text.clear();
    File::open(path).and_then(|mut file| file.read_to_string(text)).is_ok()
}

/// The number behind `name` at the start of a line; 0 if it is not there.
fn field(status: &str, name: &str) -> u64 {
    let rest = status.lines().find_map(|line| line.strip_prefix(name));
    rest.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Barrier};

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
        let used = own.usage(own.cpu().unwrap());
        barrier.wait();
        threads.into_iter().for_each(|thread| {
            thread.join().unwrap();
        });
        assert!(used.threads.unwrap() > 40, "{used:?}");
        // All but the last to come had to wait.
        assert!(used.voluntary_switches.unwrap() >= 39, "{used:?}");
        assert!(used.anonymous_kib > 100, "{used:?}");
        assert!(used.files.unwrap() > 2, "{used:?}");
        assert!(used.cpu > Nanos(0), "{used:?}");
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
