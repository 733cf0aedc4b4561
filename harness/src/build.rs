//! Builds a server, and asks for its receipt.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::definition::Server;
use crate::format::journal::Stage;
use crate::process;
use crate::workspace::Workspace;

/// Runs the registry's build command, then its version command; returns what the latter printed.
///
/// # Errors
/// Which of the two failed, and why in one line. A server whose version command fails is not measured.
pub fn build(server: &Server, workspace: &Workspace) -> Result<String, (Stage, String)> {
    let folder = workspace.private().join("logs");
    let log = folder.join(format!("build-{}.log", server.name));
    let failed = |stage| move |error: String| (stage, error);
    let make = || -> io::Result<File> {
        fs::create_dir_all(&folder)?;
        File::create(&log)
    };
    let file = make()
        .map_err(|error| (Stage::Build, format!("cannot write {}: {error}", log.display())))?;
    let command = server.command(&server.build, workspace.root());
    let mut command = command.map_err(|error| error.to_string()).map_err(failed(Stage::Build))?;
    run_logged(&mut command, file, &log).map_err(failed(Stage::Build))?;

    let command = server.command(&server.version, workspace.root());
    let mut command = command.map_err(|error| error.to_string()).map_err(failed(Stage::Version))?;
    version(&mut command).map_err(failed(Stage::Version))
}

fn run_logged(command: &mut Command, file: File, log: &Path) -> Result<(), String> {
    let errors = file.try_clone().map_err(|error| error.to_string())?;
    command.stdin(Stdio::null()).stdout(file).stderr(errors);
    let mut child = process::spawn_tied(command, None, Signal::SIGTERM)
        .map_err(|error| format!("{:?} cannot be run: {error}", command_name(command)))?;
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    let text = fs::read_to_string(log).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("error")).or_else(|| text.lines().last());
    Err(format!("{} ({status}; all of it: {})", line.unwrap_or("it said nothing"), log.display()))
}

fn version(command: &mut Command) -> Result<String, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{:?} cannot be run: {error}", command_name(command)))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().next().map(str::trim) {
        Some(line) if output.status.success() && !line.is_empty() => Ok(line.to_owned()),
        _ => Err(format!("{:?} printed no version ({})", command_name(command), output.status)),
    }
}

fn command_name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
