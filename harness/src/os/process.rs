//! Child processes. The kernel sends each of them a signal when the harness ends, for whatever reason; a child that
//! is stopped takes its own children along. A child can be placed on CPUs.

use std::fs;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sched::sched_setaffinity;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::os::placement::Cpus;
use crate::os::stop::{Stop, WaitError, wait_until};
use crate::os::sys;

/// Starts `command` in a process group of its own, on the CPUs `cpus` (if given), so that the kernel sends it
/// `signal` when this process ends, for whatever reason.
///
/// A child can ignore any signal but SIGKILL, and the signal does not reach processes that the child itself has
/// started. With its own process group, the child does not receive a Ctrl-C in the terminal, so that the harness can
/// stop its children in order.
///
/// Call this function from a thread that lives as long as the child may: the kernel ties the child to the thread.
///
/// # Errors
/// When the command cannot be started.
pub fn spawn_tied(command: &mut Command, cpus: Option<&Cpus>, signal: Signal) -> io::Result<Child> {
    sys::tie(command, cpus.map(Cpus::mask), signal);
    command.spawn()
}

/// Asks `child` to end by SIGTERM, as [`stop_by`] does by any signal.
///
/// # Errors
/// When the child cannot be waited for.
pub fn stop(child: &mut Child, timeout: Duration) -> io::Result<(ExitStatus, bool)> {
    stop_by(child, Signal::SIGTERM, timeout)
}

/// Asks `child` to end by `signal`, waits up to `timeout`, then kills it. Processes that are left in its process group are killed
/// too, even if the child had already ended. Returns its exit status, and whether it had to be killed.
///
/// # Errors
/// When the child cannot be waited for.
pub fn stop_by(
    child: &mut Child,
    signal: Signal,
    timeout: Duration,
) -> io::Result<(ExitStatus, bool)> {
    if let Some(status) = ended(child)? {
        return Ok((status, false));
    }
    // A failure means that the child has just ended, which the wait below finds.
    let _ = kill(Pid::from_raw(child.id() as i32), signal);
    match wait_until(Instant::now() + timeout, &Stop::never(), || ended(child)) {
        Ok(status) => return Ok((status, false)),
        Err(WaitError::Failed(error)) => return Err(error),
        Err(WaitError::TimedOut | WaitError::Interrupted) => {}
    }
    kill_group(child);
    Ok((child.wait()?, true))
}

/// Returns the exit status of `child`, a group's leader, if it has ended; then the rest of its group is killed.
///
/// # Errors
/// When the child cannot be observed.
pub fn ended(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let only_look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    match waitid(Id::Pid(Pid::from_raw(child.id() as i32)), only_look) {
        Ok(WaitStatus::StillAlive) => return Ok(None),
        // The child is not waited for yet, so no other process can have its number.
        Ok(_) => kill_group(child),
        // The child was waited for before, so another process may have its number by now.
        Err(Errno::ECHILD) => {}
        Err(error) => return Err(error.into()),
    }
    child.wait().map(Some)
}

fn kill_group(child: &Child) {
    // A failure means that the group is empty.
    let _ = kill(Pid::from_raw(-(child.id() as i32)), Signal::SIGKILL);
}

/// Whether a process is running. A process that has ended but is not waited for yet is not.
#[must_use]
pub fn is_running(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let state = status.lines().find_map(|line| line.strip_prefix("State:"));
    state.is_some_and(|state| !state.trim_start().starts_with(['Z', 'X']))
}

/// Waits until `child` ends, `deadline` (if any) passes, or `stop` is set; in the latter two cases, stops the child.
/// After a child has ended, the rest of its group is killed.
///
/// # Errors
/// [`WaitError::TimedOut`] or [`WaitError::Interrupted`], and [`WaitError::Failed`] when the child cannot be observed
/// or stopped.
pub fn wait(
    child: &mut Child,
    deadline: Option<Instant>,
    stop: &Stop,
) -> Result<ExitStatus, WaitError<io::Error>> {
    let status = wait_until(deadline, stop, || ended(child));
    if matches!(status, Err(WaitError::Interrupted | WaitError::TimedOut)) {
        self::stop(child, Duration::from_secs(2)).map_err(WaitError::Failed)?;
    }
    status
}

/// Moves every thread of a running process to `cpus`. Threads that start later inherit the set.
///
/// # Errors
/// When the process has ended, or belongs to another user.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    use std::thread;

    /// Starts a shell that ignores SIGTERM or not, starts a worker, prints the worker's process id, and ends or
    /// waits.
    fn master(before: &str, then: &str) -> (Child, u32) {
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{before} sleep 600 & echo $!; {then}")])
            .stdout(Stdio::piped());
        let mut child = spawn_tied(&mut command, None, Signal::SIGKILL).unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (child, line.trim().parse().unwrap())
    }

    fn await_end(pid: u32) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while is_running(pid) {
            assert!(Instant::now() < deadline, "{pid} still runs");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn workers_end_with_a_master_that_has_ended_that_stops_and_that_must_be_killed() {
        for (before, then, killed) in
            [("", "exit 3", false), ("", "wait", false), ("trap '' TERM;", "wait", true)]
        {
            let (mut child, worker) = master(before, then);
            if then == "exit 3" {
                await_end(child.id());
                assert!(is_running(worker));
            }
            let (_, was_killed) = stop(&mut child, Duration::from_millis(300)).unwrap();
            assert_eq!(was_killed, killed, "{before} {then}");
            await_end(worker);
            // A second call returns the same and kills nothing.
            assert!(!stop(&mut child, Duration::ZERO).unwrap().1);
        }
    }

    #[test]
    fn a_wait_ends_at_its_deadline_and_when_it_is_stopped() {
        let (mut child, worker) = master("", "wait");
        let deadline = Some(Instant::now());
        let late = wait(&mut child, deadline, &Stop::never());
        assert!(matches!(late, Err(WaitError::TimedOut)), "{late:?}");
        await_end(worker);
        let (mut child, worker) = master("", "wait");
        let stop = Stop::default();
        stop.set();
        let stopped = wait(&mut child, None, &stop);
        assert!(matches!(stopped, Err(WaitError::Interrupted)), "{stopped:?}");
        await_end(worker);
    }
}
