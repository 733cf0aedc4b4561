//! Builds servers by commands.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{BuildInfo, Builder, Context};
use crate::definition::Server;
use crate::failure::{Error, Failed, Stage};
use crate::os::placement::Cpus;
use crate::os::process;
use crate::os::stop::{Stop, WaitError};
use crate::workspace::Workspace;

/// How long a server may take to print its version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);

/// Builds servers by the commands of the registry, on this machine.
pub(super) struct Commands<'a> {
    workspace: &'a Workspace,
    cpus: &'a Cpus,
}

impl<'a> Commands<'a> {
    /// Commands that may use all usable CPUs.
    pub(super) fn new(context: Context<'a>) -> Commands<'a> {
        Commands { workspace: context.workspace, cpus: context.usable }
    }
}

impl Builder for Commands<'_> {
    /// Runs the server's build command, then its version command.
    ///
    /// A server whose version command fails is not measured.
    fn build(&mut self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>> {
        let Commands { workspace, cpus } = *self;
        let command = |stage, template| {
            let command = server.command(template, workspace.root());
            command.map_err(|error| Error::Failed(Failed::new(stage, error)))
        };
        let mut build = command(Stage::Build, &server.build)?;
        logged(&mut build, workspace, &server.name, cpus, stop)
            .map_err(|error| error.at(Stage::Build))?;
        let mut print_version = command(Stage::Version, &server.version)?;
        let version = version(&mut print_version, cpus, stop);
        let version = version.map_err(|error| error.at(Stage::Version))?;
        Ok(BuildInfo { version, image: None })
    }
}

/// Runs a command that builds `name`, on `cpus`, and keeps its output in the private folder's logs.
///
/// # Errors
/// Why it failed, in one line; or the interruption.
pub(super) fn logged(
    command: &mut Command,
    workspace: &Workspace,
    name: &str,
    cpus: &Cpus,
    stop: &Stop,
) -> Result<(), Error> {
    let folder = workspace.private().join("logs");
    let log = folder.join(format!("build-{name}.log"));
    // What goes into a run's record names nothing of this machine.
    let shown = log.strip_prefix(workspace.root()).unwrap_or(&log).to_owned();
    let make = || -> io::Result<File> {
        fs::create_dir_all(&folder)?;
        File::create(&log)
    };
    let unwritable = |error| Error::Failed(format!("cannot write {}: {error}", shown.display()));
    let file = make().map_err(unwritable)?;
    let errors = file.try_clone().map_err(unwritable)?;
    command.stdin(Stdio::null()).stdout(file).stderr(errors);
    let mut child = process::spawn_tied(command, Some(cpus), Signal::SIGTERM)
        .map_err(|error| cannot_be_run(command, &error))?;
    let status = match process::wait(&mut child, None, stop) {
        Ok(status) => status,
        Err(WaitError::Interrupted) => return Err(Error::Interrupted),
        Err(error) => return Err(Error::Failed(error.to_string())),
    };
    if status.success() {
        return Ok(());
    }
    let text = fs::read_to_string(&log).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("error")).or_else(|| text.lines().last());
    let line = line.unwrap_or("it printed nothing");
    Err(Error::Failed(format!("{line} ({status}; all of it: {})", shown.display())))
}

fn version(command: &mut Command, cpus: &Cpus, stop: &Stop) -> Result<String, Error> {
    let name = command_name(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = process::spawn_tied(command, Some(cpus), Signal::SIGKILL)
        .map_err(|error| cannot_be_run(command, &error))?;
    let deadline = Instant::now() + VERSION_TIMEOUT;
    let status = match process::wait(&mut child, Some(deadline), stop) {
        Ok(status) => status,
        Err(WaitError::Interrupted) => return Err(Error::Interrupted),
        Err(WaitError::TimedOut) => {
            let seconds = VERSION_TIMEOUT.as_secs();
            return Err(Error::Failed(format!(
                "{name:?} printed no version within {seconds} s and was killed"
            )));
        }
        Err(WaitError::Failed(error)) => return Err(Error::Failed(error.to_string())),
    };
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        // What is not text is no version.
        let _ = BufReader::new(output.take(4096)).read_line(&mut line);
    }
    match line.trim() {
        line if status.success() && !line.is_empty() => Ok(line.to_owned()),
        _ => Err(Error::Failed(format!("{name:?} printed no version ({status})"))),
    }
}

fn cannot_be_run(command: &Command, error: &io::Error) -> Error {
    Error::Failed(format!("{:?} cannot be run: {error}", command_name(command)))
}

fn command_name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
