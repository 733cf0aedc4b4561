//! Child processes: each gets a signal from the kernel when the harness dies, however it dies, and one
//! that is stopped takes its own children along. Also where they run.

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

/// Starts `command` so that the kernel sends it `signal` when this process ends, however it ends
/// (only SIGKILL cannot be ignored, and what the child itself started is not reached), in a process group of its own (a Ctrl-C in the terminal is for the
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

/// Asks `child` to end, waits up to `patience`, then kills it; whatever it leaves in its process group is
/// killed too, even if it had ended before. Says how it ended, and whether it had to be killed.
///
/// # Errors
/// When it cannot be waited for.
pub fn stop(child: &mut Child, patience: Duration) -> io::Result<(ExitStatus, bool)> {
    if let Some(status) = ended(child)? {
        return Ok((status, false));
    }
    // A failure means that it has just ended: the wait below tells.
    let _ = kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
    match wait_until(Instant::now() + patience, &Stop::never(), || ended(child)) {
        Ok(status) => return Ok((status, false)),
        Err(WaitError::Failed(error)) => return Err(error),
        Err(WaitError::TimedOut | WaitError::Interrupted) => {}
    }
    kill_group(child);
    Ok((child.wait()?, true))
}

/// How `child`, a group's leader, ended, if it has; then what is left of its group is killed.
///
/// # Errors
/// When it cannot be observed.
pub fn ended(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let only_look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    match waitid(Id::Pid(Pid::from_raw(child.id() as i32)), only_look) {
        Ok(WaitStatus::StillAlive) => return Ok(None),
        // It is not waited for yet, so its number is no other process's.
        Ok(_) => kill_group(child),
        // It was waited for before, and its number may be another's by now.
        Err(Errno::ECHILD) => {}
        Err(error) => return Err(error.into()),
    }
    child.wait().map(Some)
}

fn kill_group(child: &Child) {
    // A failure means that no one is left in it.
    let _ = kill(Pid::from_raw(-(child.id() as i32)), Signal::SIGKILL);
}

/// Whether a process runs; one that has ended and is not waited for yet does not.
#[must_use]
pub fn is_running(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let state = status.lines().find_map(|line| line.strip_prefix("State:"));
    state.is_some_and(|state| !state.trim_start().starts_with(['Z', 'X']))
}

/// Waits until `child` ends, `deadline` (if any) passes, or `stop` is set; in the latter two cases the child is
/// stopped. When it has ended, what is left of its group is killed.
///
/// # Errors
/// Which of the two ended the waiting, or [`WaitError::Failed`] when the child cannot be observed or stopped.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    use std::thread;

    /// A shell that ignores SIGTERM or not, starts a worker, tells its number, and ends or waits.
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
            // Asked again, it tells the same and kills no one.
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
