//! A server under valgrind's callgrind: how it is started, and how what it has executed is read while it runs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::definition::Server;
use crate::failure::Error;
use crate::observe::callgrind::{self, Executed};
use crate::os::log::last_line_of;
use crate::os::process;
use crate::os::stop::{Stop, WaitError};

/// How long callgrind may take to write a dump.
const DUMP_TIMEOUT: Duration = Duration::from_secs(60);
/// Callgrind's options: no simulation of caches, and threads that take turns in order, so that counts repeat.
const OPTIONS: [&str; 3] = ["--tool=callgrind", "--quiet", "--fair-sched=yes"];

/// The valgrind that is installed.
#[derive(Clone, Debug)]
pub struct Valgrind {
    /// What it says of its version.
    pub version: String,
}

/// There is no valgrind.
#[derive(Debug, thiserror::Error)]
#[error("valgrind, which counts instructions, is missing: run `apt-get install valgrind`")]
pub struct NoValgrind;

impl Valgrind {
    /// Asks valgrind for its version.
    ///
    /// # Errors
    /// When it is missing.
    pub fn find() -> Result<Valgrind, NoValgrind> {
        let output = Command::new("valgrind").arg("--version").stdin(Stdio::null()).output();
        let output = output.ok().filter(|output| output.status.success()).ok_or(NoValgrind)?;
        Ok(Valgrind { version: String::from_utf8_lossy(&output.stdout).trim().to_owned() })
    }

    /// The command that a server's own follows, but for the places of its output.
    #[must_use]
    pub fn command() -> Vec<String> {
        std::iter::once("valgrind").chain(OPTIONS).map(str::to_owned).collect()
    }
}

/// The folder through which one server under callgrind is asked for dumps. It is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Dumps {
    folder: TempDir,
}

impl Dumps {
    /// A new folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn new() -> Result<Dumps, Error> {
        let folder = tempfile::tempdir().map_err(unusable)?;
        fs::create_dir(folder.path().join("dumps")).map_err(unusable)?;
        Ok(Dumps { folder })
    }

    /// The same server under callgrind.
    pub(super) fn wrapped(&self, server: &Server) -> Server {
        let mut server = server.clone();
        let places = [
            format!("--callgrind-out-file={}", self.dumps().join("dump").display()),
            self.prefix(),
        ];
        server.run.splice(0..0, Valgrind::command().into_iter().chain(places));
        server
    }

    /// What the server has executed since the mark before, or since its start.
    ///
    /// # Errors
    /// When no dump comes, or it cannot be read; or the interruption.
    pub(super) fn mark(&self, stop: &Stop) -> Result<Executed, Error> {
        self.ask_for_dump(stop)?;
        let path = self.only_dump()?;
        let text = fs::read_to_string(&path).map_err(unusable)?;
        // The next one is then the only one again.
        fs::remove_file(&path).map_err(unusable)?;
        callgrind::read(&text).map_err(|error| Error::Failed(error.to_string()))
    }

    fn ask_for_dump(&self, stop: &Stop) -> Result<(), Error> {
        let log = self.folder.path().join("vgdb.log");
        let file = File::create(&log).map_err(unusable)?;
        let mut command = Command::new("vgdb");
        // A server that waits for requests does not look at its gdbserver until it is invoked.
        command.args([&self.prefix(), "--max-invoke-ms=5", "dump"]);
        command.stdin(Stdio::null()).stdout(file.try_clone().map_err(unusable)?).stderr(file);
        let mut child =
            process::spawn_tied(&mut command, None, Signal::SIGKILL).map_err(unusable)?;
        match process::wait(&mut child, Some(Instant::now() + DUMP_TIMEOUT), stop) {
            Ok(status) if status.success() => Ok(()),
            Err(WaitError::Interrupted) => Err(Error::Interrupted),
            Ok(_) | Err(_) => Err(Error::Failed(format!(
                "callgrind writes no dump when vgdb asks for one ({}); let this user trace its own processes",
                last_line_of(&log).unwrap_or_else(|| "it says nothing".into())
            ))),
        }
    }

    fn only_dump(&self) -> Result<PathBuf, Error> {
        let entries = fs::read_dir(self.dumps()).map_err(unusable)?;
        // Each dump's name ends with its number. The one without is that of the process's end, which is not wanted.
        let is_numbered = |path: &PathBuf| path.extension().is_some();
        let paths: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(is_numbered).collect();
        match &paths[..] {
            [path] => Ok(path.clone()),
            paths => Err(Error::Failed(format!(
                "callgrind wrote {} dumps where it was asked for one; a server of several processes cannot be counted",
                paths.len()
            ))),
        }
    }

    fn dumps(&self) -> PathBuf {
        self.folder.path().join("dumps")
    }

    /// Where valgrind and vgdb find each other. No other process has it, so neither needs the other's process id.
    fn prefix(&self) -> String {
        format!("--vgdb-prefix={}", self.folder.path().join("vgdb").display())
    }
}

fn unusable(error: io::Error) -> Error {
    Error::Failed(format!("cannot ask callgrind for a dump: {error}; see that TMPDIR has room"))
}

/// Whether the file is a program that the processor runs by itself: an ELF binary.
pub(super) fn is_binary(path: &Path) -> bool {
    let mut magic = [0; 4];
    let read = File::open(path).and_then(|mut file| io::Read::read_exact(&mut file, &mut magic));
    read.is_ok() && magic == *b"\x7fELF"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_no_binary() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        fs::write(&script, "#!/bin/sh\n").unwrap();
        assert!(!is_binary(&script));
        assert!(!is_binary(&folder.path().join("missing")));
        assert!(is_binary(&std::env::current_exe().unwrap()));
    }
}
