//! Takes the project down when the harness ends, however it ends.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::cli::{Cli, last_line};
use crate::failure::Error;
use crate::os::process;
use crate::os::stop::{Stop, WaitError, wait_until};

/// How long it may take to stop all containers.
const TEARDOWN_TIMEOUT: Duration = Duration::from_secs(120);

/// A process that waits for this one's end, by a pipe that the kernel closes even if this one is killed, and then
/// takes the project's containers and networks down. Its volumes stay: they hold the seeded table.
#[derive(Debug)]
pub(super) struct Teardown {
    waiting: Option<Child>,
    log: tempfile::NamedTempFile,
}

impl Teardown {
    /// Starts it. It holds `lock` until it is done.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(cli: &Cli, lock: File) -> Result<Teardown, Error> {
        Teardown::spawn(cli, lock)
            .map_err(|error| Error::Failed(format!("`sh` cannot be started: {error}")))
    }

    fn spawn(cli: &Cli, lock: File) -> io::Result<Teardown> {
        let down = cli.compose(&["down", "--remove-orphans"]);
        let log = tempfile::NamedTempFile::new()?;
        let mut command = Command::new("sh");
        command
            .args(["-c", "cat; exec \"$@\"", "sh"])
            .arg(down.get_program())
            .args(down.get_args());
        command.envs(down.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = down.get_current_dir() {
            command.current_dir(folder);
        }
        command
            // A Ctrl-C in the terminal is for the harness.
            .process_group(0)
            .stdin(Stdio::piped())
            // It prints nothing there, and holds the lock for as long as it has the file.
            .stdout(lock)
            .stderr(log.as_file().try_clone()?);
        Ok(Teardown { waiting: Some(command.spawn()?), log })
    }

    /// Takes the project down now.
    ///
    /// # Errors
    /// When something is left.
    pub(super) fn close(&mut self) -> Result<(), Error> {
        let Some(mut child) = self.waiting.take() else { return Ok(()) };
        // It reads to the end of this.
        drop(child.stdin.take());
        let failed = |why: String| {
            Error::Failed(format!(
                "the containers could not be taken down ({why}): see `docker ps`"
            ))
        };
        let deadline = Instant::now() + TEARDOWN_TIMEOUT;
        match wait_until(deadline, &Stop::never(), || process::ended(&mut child)) {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                let said = std::fs::read_to_string(self.log.path()).unwrap_or_default();
                Err(failed(format!("{status}; {}", last_line(&said))))
            }
            Err(WaitError::Failed(error)) => Err(failed(error.to_string())),
            Err(WaitError::TimedOut | WaitError::Interrupted) => {
                let seconds = TEARDOWN_TIMEOUT.as_secs();
                Err(failed(format!("docker has not ended after {seconds} s")))
            }
        }
    }
}

impl Drop for Teardown {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            eprintln!("stackmark: {error}");
        }
    }
}
