//! Child processes that cannot outlive the harness, and what they cost.

use std::fs;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sched::sched_setaffinity;
use nix::sys::signal::{Signal, kill};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use crate::placement::Cpus;
use crate::sys;
use crate::units::Nanos;

/// Starts `command` so that it dies with this process, however this process ends (`signal` is what
/// the kernel sends it then), in a process group of its own (a Ctrl-C in the terminal is for the
/// harness, which stops its children in order) and on `cpus`, if given.
///
/// Call it from a thread that lives as long as the child may: the kernel ties the child to the thread.
///
/// # Errors
/// When it cannot be started.
pub fn spawn_tied(command: &mut Command, cpus: Option<&Cpus>, signal: Signal) -> io::Result<Child> {
    sys::tie(command, cpus.map(Cpus::mask), signal);
    command.spawn()
}

/// Asks `child` to end, waits up to `patience`, then kills its whole process group. Says how it
/// ended, and whether it had to be killed.
///
/// # Errors
/// When it cannot be waited for.
pub fn stop(child: &mut Child, patience: Duration) -> io::Result<(ExitStatus, bool)> {
    if let Some(status) = child.try_wait()? {
        return Ok((status, false));
    }
    let group = Pid::from_raw(-(child.id() as i32));
    // A failure means that it has just ended: the wait below tells.
    let _ = kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
    if let Some(status) = wait_until(child, Instant::now() + patience)? {
        // Workers that a dying master left behind.
        let _ = kill(group, Signal::SIGKILL);
        return Ok((status, false));
    }
    let _ = kill(group, Signal::SIGKILL);
    Ok((child.wait()?, true))
}

/// Waits for `child` until `deadline`.
///
/// # Errors
/// When it cannot be waited for.
pub fn wait_until(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Puts every thread of a running process on `cpus`; threads that it starts later inherit the set.
///
/// # Errors
/// When the process is gone, or is not ours.
pub fn place(pid: u32, cpus: &Cpus) -> io::Result<()> {
    let mask = cpus.mask();
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let Ok(thread) = thread?.file_name().to_string_lossy().parse() else { continue };
        match sched_setaffinity(Pid::from_raw(thread), &mask) {
            // A thread may end between the listing and the call.
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// CPU time that the process `pid` has used since it started, all its threads together, ended ones
/// included, in nanoseconds by the scheduler's account (`/proc/PID/stat` counts in ticks of 10 ms).
///
/// # Errors
/// When the process is gone.
pub fn cpu_time(pid: u32) -> io::Result<Nanos> {
    let clock: ClockId = clock_getcpuclockid(Pid::from_raw(pid as i32))?;
    let time = clock_gettime(clock)?;
    Ok(Nanos(time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64))
}

/// `pid` and all that descend from it: a server may answer in several processes.
#[must_use]
pub fn tree(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        next += 1;
        let Ok(threads) = fs::read_dir(format!("/proc/{parent}/task")) else { continue };
        for thread in threads.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
    found
}
