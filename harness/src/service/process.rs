//! The process of a private service: finding it, starting it, stopping it.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Child;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Folder, Service, ServiceError};
use crate::os::port;
use crate::os::process;
use crate::os::stop::{Interrupted, Stop, WaitError, wait_until};

/// The time to start: recovery after a crash reads the log, perhaps on a slow disk.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// The time to stop: a clean end writes what is only in memory.
pub(super) const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// The number of ports to try: another process may take a port between the choice and the start, but hardly five
/// times.
const PORTS: usize = 5;

/// A running private server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Running {
    pub(super) pid: u32,
    pub(super) port: u16,
}

/// Whether a server ends with the process that starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It does: the kernel signals it when its starter ends.
    Tied,
    /// It stays.
    Detached,
}

impl Running {
    /// The server that runs in this folder, if one does.
    ///
    /// It is known by its command line, which names the folder. So there is no file of a process id that could be
    /// stale, and no process of others can be taken for it.
    pub(super) fn find(service: &dyn Service, folder: &Folder) -> Option<Running> {
        fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let command_line = fs::read_to_string(entry.path().join("cmdline")).ok()?;
            let command_line: Vec<&str> = command_line.split('\0').collect();
            Some(Running { pid, port: service.port(folder, &command_line)? })
        })
    }

    /// Starts a server that answers when this returns.
    ///
    /// # Errors
    /// When it cannot be made or started, or the interruption; no server is left running then.
    pub(super) fn start(
        service: &dyn Service,
        folder: &Folder,
        life: Life,
        stop: &Stop,
    ) -> Result<(Running, Child), ServiceError> {
        let prepared = service.prepare(folder);
        // A Ctrl-C in a terminal also ends the programs that prepare it, which is then no failure of theirs.
        stop.check()?;
        prepared?;
        let mut reason = String::new();
        for _ in 0..PORTS {
            let port = port::free_address().map_err(ServiceError::System)?.port();
            let mut child = spawn(service, folder, port, life)?;
            match wait_until_it_answers(service, folder, &mut child, port, stop) {
                Ok(Ok(())) => return Ok((Running { pid: child.id(), port }, child)),
                Err(error) => {
                    process::stop_by(&mut child, service.stop_signal(), STOP_TIMEOUT)
                        .map_err(ServiceError::System)?;
                    return Err(error);
                }
                Ok(Err(cause)) => {
                    // Whatever made the server slow or silent, it must not stay unnoticed.
                    process::stop_by(&mut child, service.stop_signal(), STOP_TIMEOUT)
                        .map_err(ServiceError::System)?;
                    reason = cause;
                }
            }
            if !service.lost_its_port(&folder.read_log()) {
                break;
            }
        }
        let (log, folder) = (folder.log(), folder.path().to_owned());
        Err(ServiceError::Start { service: service.name(), reason, log, folder })
    }

    /// Ends a server that is not a child of this process.
    pub(super) fn stop(self, service: &dyn Service, folder: &Folder) -> Result<(), ServiceError> {
        let has_ended = || Running::find(service, folder) != Some(self);
        for (signal, timeout) in
            [(service.stop_signal(), STOP_TIMEOUT), (Signal::SIGKILL, Duration::from_secs(5))]
        {
            if has_ended() {
                return Ok(());
            }
            let pid = i32::try_from(self.pid).expect("a process id of Linux fits");
            // A failure means that the server has just ended, which the wait below shows.
            let _ = kill(Pid::from_raw(pid), signal);
            let ended = wait_until(Instant::now() + timeout, &Stop::never(), || {
                Ok::<_, ()>(has_ended().then_some(()))
            });
            if ended.is_ok() {
                return Ok(());
            }
        }
        Err(ServiceError::Stop { service: service.name(), pid: self.pid })
    }
}

fn spawn(
    service: &dyn Service,
    folder: &Folder,
    port: u16,
    life: Life,
) -> Result<Child, ServiceError> {
    let log = folder.open_log()?;
    let both = log.try_clone().map_err(ServiceError::files(service.name(), &folder.log()))?;
    let mut launch = service.launch(folder, port)?;
    let command = &mut launch.command;
    command.stdout(log).stderr(both);
    let child = match life {
        Life::Tied => process::spawn_tied(command, None, service.stop_signal()),
        Life::Detached => command.process_group(0).spawn(),
    };
    child.map_err(ServiceError::files(service.name(), command.get_program().as_ref()))
}

/// Waits until the server answers. The inner error says why it never will.
fn wait_until_it_answers(
    service: &dyn Service,
    folder: &Folder,
    child: &mut Child,
    port: u16,
    stop: &Stop,
) -> Result<Result<(), String>, ServiceError> {
    let url = service.url(folder, port)?;
    let mut last = String::new();
    let answered = wait_until(Instant::now() + START_TIMEOUT, stop, || {
        if let Some(status) = child.try_wait().map_err(ServiceError::System)? {
            let log = folder.read_log();
            let cause = service.cause(&log).unwrap_or("it printed nothing");
            return Ok(Some(Err(format!("{status}: {cause}"))));
        }
        // The password is random, so the server that accepts it is the one just started.
        match service.answers(&url) {
            Ok(()) => return Ok(Some(Ok(()))),
            Err(error) => last = error,
        }
        Ok(None)
    });
    match answered {
        Ok(answered) => Ok(answered),
        Err(WaitError::Failed(error)) => Err(error),
        Err(WaitError::Interrupted) => Err(Interrupted.into()),
        Err(WaitError::TimedOut) => {
            Ok(Err(format!("no answer in {START_TIMEOUT:?}; the last error: {last}")))
        }
    }
}
