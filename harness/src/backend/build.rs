//! Builds a server, and asks for its built.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::definition::Server;
use crate::failure::Stage;
use crate::os::placement::Cpus;
use crate::os::process;
use crate::workspace::Workspace;

/// How long a server may take to tell its version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);
const INTERRUPTED: &str = "interrupted";

/// Runs the registry's build command, then its version command, on `cpus`, until `stop` becomes true; returns
/// what the latter printed.
///
/// # Errors
/// Which of the two failed, and why in one line. A server whose version command fails is not measured. An
/// error after `stop` became true is the interruption.
pub fn build(
    server: &Server,
    workspace: &Workspace,
    cpus: &Cpus,
    stop: &AtomicBool,
) -> Result<String, (Stage, String)> {
    let failed = |stage| move |error: String| (stage, error);
    let command = server.command(&server.build, workspace.root());
    let mut command = command.map_err(|error| error.to_string()).map_err(failed(Stage::Build))?;
    logged(&mut command, workspace, &server.name, cpus, stop).map_err(failed(Stage::Build))?;

    let command = server.command(&server.version, workspace.root());
    let mut command = command.map_err(|error| error.to_string()).map_err(failed(Stage::Version))?;
    version(&mut command, cpus, stop).map_err(failed(Stage::Version))
}

/// Runs a command that builds `name`, on `cpus`, until `stop` becomes true, and keeps what it says in the private
/// folder's logs.
///
/// # Errors
/// Why it failed, in one line.
pub fn logged(
    command: &mut Command,
    workspace: &Workspace,
    name: &str,
    cpus: &Cpus,
    stop: &AtomicBool,
) -> Result<(), String> {
    let folder = workspace.private().join("logs");
    let log = folder.join(format!("build-{name}.log"));
    // What goes into a run's record names nothing of this machine.
    let shown = log.strip_prefix(workspace.root()).unwrap_or(&log).to_owned();
    let make = || -> io::Result<File> {
        fs::create_dir_all(&folder)?;
        File::create(&log)
    };
    let file = make().map_err(|error| format!("cannot write {}: {error}", shown.display()))?;
    let errors = file.try_clone().map_err(|error| error.to_string())?;
    command.stdin(Stdio::null()).stdout(file).stderr(errors);
    let mut child = process::spawn_tied(command, Some(cpus), Signal::SIGTERM)
        .map_err(|error| format!("{:?} cannot be run: {error}", command_name(command)))?;
    let status = process::wait_unless(&mut child, None, stop).map_err(|error| error.to_string())?;
    let status = status.ok_or(INTERRUPTED)?;
    if status.success() {
        return Ok(());
    }
    let text = fs::read_to_string(&log).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("error")).or_else(|| text.lines().last());
    Err(format!("{} ({status}; all of it: {})", line.unwrap_or("it said nothing"), shown.display()))
}

fn version(command: &mut Command, cpus: &Cpus, stop: &AtomicBool) -> Result<String, String> {
    let name = command_name(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = process::spawn_tied(command, Some(cpus), Signal::SIGKILL)
        .map_err(|error| format!("{name:?} cannot be run: {error}"))?;
    let deadline = Instant::now() + VERSION_TIMEOUT;
    let status = process::wait_unless(&mut child, Some(deadline), stop)
        .map_err(|error| error.to_string())?;
    let Some(status) = status else {
        return Err(if stop.load(Ordering::Relaxed) {
            INTERRUPTED.to_owned()
        } else {
            format!(
                "{name:?} told no version within {} s and was killed",
                VERSION_TIMEOUT.as_secs()
            )
        });
    };
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        // What is not text is no version.
        let _ = BufReader::new(output.take(4096)).read_line(&mut line);
    }
    match line.trim() {
        line if status.success() && !line.is_empty() => Ok(line.to_owned()),
        _ => Err(format!("{name:?} printed no version ({status})")),
    }
}

fn command_name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
