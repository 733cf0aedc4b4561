//! A server as a process of this machine.

use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;

use crate::backend::{Instance, STOP_TIMEOUT};
use crate::failure::Error;
use crate::observe::meter::Meter;
use crate::observe::processes::Processes;
use crate::os::log::last_line_of;
use crate::os::placement::Cpus;
use crate::os::process;
use crate::units::{Moment, Nanos};

/// A server's process, and those that it started.
#[derive(Debug)]
pub(super) struct ServerProcess {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
    /// When its process was started.
    spawned: Moment,
    /// When its first right answer was there.
    answered: Option<Moment>,
}

impl ServerProcess {
    /// Runs `command` on `cpus`, which makes a server that listens at `address`; what it prints goes to the file `log`.
    ///
    /// # Errors
    /// When it cannot be started, or the log cannot be written.
    pub(super) fn spawn(
        command: &mut Command,
        cpus: &Cpus,
        address: SocketAddr,
        log: PathBuf,
    ) -> Result<ServerProcess, Error> {
        let unwritable = |error| Error::Failed(format!("cannot write {}: {error}", log.display()));
        let failed = |error: io::Error| Error::Failed(format!("cannot be started: {error}"));
        let file = create(&log).map_err(unwritable)?;
        command.stdin(Stdio::null()).stderr(file.try_clone().map_err(failed)?).stdout(file);
        let spawned = Moment::now();
        let child = process::spawn_tied(command, Some(cpus), Signal::SIGKILL).map_err(failed)?;
        Ok(ServerProcess { child, address, log, spawned, answered: None })
    }

    /// Notes that its first right answer has just arrived.
    pub(super) fn has_answered(&mut self) {
        self.answered = Some(Moment::now());
    }

    /// Passes if it runs.
    ///
    /// # Errors
    /// How it ended, with the last of its log.
    pub(super) fn check_alive(&mut self) -> Result<(), Error> {
        match process::ended(&mut self.child) {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.error(&format!("ended with {status}"))),
            Err(error) => Err(self.error(&format!("cannot be observed: {error}"))),
        }
    }

    /// What makes errors of this server, with the last of its log.
    pub(super) fn errors(&self) -> impl Fn(&str) -> Error + use<> {
        let log = self.log.clone();
        move |what| with_log(&log, what)
    }

    fn error(&self, what: &str) -> Error {
        with_log(&self.log, what)
    }
}

impl Instance for ServerProcess {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn first_answer(&self) -> Option<Nanos> {
        Some(self.answered? - self.spawned)
    }

    fn meter(&mut self) -> Result<Box<dyn Meter>, Error> {
        self.check_alive()?;
        Ok(Box::new(Processes::tree(self.child.id())))
    }

    fn gone(&mut self) -> Error {
        self.check_alive().err().unwrap_or_else(|| self.error("is gone"))
    }

    fn stop(mut self: Box<Self>) -> Result<(), Error> {
        self.check_alive()?;
        match process::stop(&mut self.child, STOP_TIMEOUT) {
            Ok((status, false)) if status.success() => Ok(()),
            Ok((status, false)) => {
                Err(self.error(&format!("ended with {status} when it was asked to stop")))
            }
            Ok((_, true)) => Err(self.error(&format!(
                "did not stop within {} s and was killed",
                STOP_TIMEOUT.as_secs()
            ))),
            Err(error) => Err(self.error(&format!("cannot be stopped: {error}"))),
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // The error has no reader any more; after `stop`, this finds that it has ended.
        let _ = process::stop(&mut self.child, STOP_TIMEOUT);
    }
}

fn create(log: &Path) -> io::Result<File> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(log)
}

/// The failure `what`, with the last of the server's log.
fn with_log(log: &Path, what: &str) -> Error {
    Error::Failed(match last_line_of(log) {
        Some(line) => format!("{what}; its log ends: {line}"),
        None => what.to_owned(),
    })
}
