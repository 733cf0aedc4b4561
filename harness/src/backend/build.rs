//! Builds servers by commands.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
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

/// How long a command may take that looks for a program.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

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
    /// Looks for the programs that the server needs, runs its build commands, then its version command.
    ///
    /// A server whose version command fails is not measured.
    fn build(&mut self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>> {
        let Commands { workspace, cpus } = *self;
        let root = workspace.root();
        let unusable = |stage| move |error| Error::Failed(Failed::new(stage, error));
        for program in &server.needs_program {
            let mut probe = server.probe_command(program, root).map_err(unusable(Stage::Build))?;
            find(&mut probe, &program.mend, cpus, stop).map_err(|error| error.at(Stage::Build))?;
        }
        for mut step in server.build_commands(root).map_err(unusable(Stage::Build))? {
            logged(&mut step, workspace, &server.name, cpus, stop)
                .map_err(|error| error.at(Stage::Build))?;
        }
        let mut print_version = server.version_command(root).map_err(unusable(Stage::Version))?;
        let version = version(&mut print_version, cpus, stop);
        let version = version.map_err(|error| error.at(Stage::Version))?;
        let bytes = size(&print_version, root);
        Ok(BuildInfo { version, image: None, bytes })
    }
}

/// The size in bytes of the program that printed the version, where it was made in the checkout: an interpreter says nothing
/// of what it runs.
fn size(command: &Command, root: &Path) -> Option<u64> {
    let program = Path::new(command.get_program());
    let file = program.starts_with(root).then(|| fs::metadata(program).ok()).flatten()?;
    file.is_file().then_some(file.len())
}

/// Passes if a command that looks for a program succeeds.
fn find(probe: &mut Command, mend: &str, cpus: &Cpus, stop: &Stop) -> Result<(), Error> {
    probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let words = std::iter::once(probe.get_program()).chain(probe.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let missing = |how: &str| {
        let probe = words.join(" ");
        Error::Failed(format!("what it needs is missing, as `{probe}` {how}: run `{mend}`"))
    };
    let mut child = process::spawn_tied(probe, Some(cpus), Signal::SIGKILL)
        .map_err(|error| missing(&format!("cannot be run: {error}")))?;
    match process::wait(&mut child, Some(Instant::now() + PROBE_TIMEOUT), stop) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(missing(&format!("failed ({status})"))),
        Err(WaitError::Interrupted) => Err(Error::Interrupted),
        Err(WaitError::TimedOut) => {
            Err(missing(&format!("did not end within {} s", PROBE_TIMEOUT.as_secs())))
        }
        Err(WaitError::Failed(error)) => Err(Error::Failed(error.to_string())),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Registry;
    use crate::os::placement::Placement;

    /// Builds a server whose entry has these lines too, in a checkout of its own.
    fn built(lines: &str) -> Result<String, Error<Failed>> {
        let root = tempfile::tempdir().unwrap();
        let registry = root.path().join("servers.toml");
        let entry = r#"
            [[server]]
            name = "one"
            role = "contender"
            axes = { language = "l", framework = "f", layer = "y", driver = "d", runtime = "r", database = "none" }
            answers = ["demo"]
            needs = []
            dockerfile = "d"
            build = [["sh", "-c", "echo one > made"], ["sh", "-c", "echo two >> made"]]
            version = ["sh", "-c", "tr '\n' ' ' < made"]
            run = ["false"]
        "#;
        fs::write(&registry, entry.to_owned() + lines).unwrap();
        let registry = Registry::read(&registry).unwrap();
        let cpus = Placement::usable().unwrap();
        let workspace = Workspace::at(root.path());
        let mut commands = Commands { workspace: &workspace, cpus: &cpus };
        Ok(commands.build(&registry.servers()[0], &Stop::never())?.version)
    }

    #[test]
    fn a_program_of_the_checkout_has_a_size_and_an_interpreter_has_none() {
        let root = tempfile::tempdir().unwrap();
        let program = root.path().join("one");
        fs::write(&program, [0; 300]).unwrap();
        assert_eq!(size(&Command::new(&program), root.path()), Some(300));
        assert_eq!(size(&Command::new(root.path().join("none")), root.path()), None);
        assert_eq!(size(&Command::new("sh"), root.path()), None);
    }

    #[test]
    fn the_steps_are_taken_in_their_order() {
        assert_eq!(built("").unwrap(), "one two");
        assert_eq!(built("needs_program = [{ probe = ['true'], mend = 'm' }]").unwrap(), "one two");
    }

    #[test]
    fn a_missing_program_fails_the_build_with_the_command_that_mends_it() {
        for (probe, how) in [
            ("'false'", "`false` failed (exit status: 1)"),
            ("'no-such-program'", "`no-such-program` cannot be run: No such file"),
        ] {
            let lines = format!("needs_program = [{{ probe = [{probe}], mend = 'install it' }}]");
            let Err(Error::Failed(Failed { stage, reason })) = built(&lines) else {
                panic!("{probe} finds nothing")
            };
            assert_eq!(stage, Stage::Build);
            assert!(reason.starts_with(&format!("what it needs is missing, as {how}")), "{reason}");
            assert!(reason.ends_with(": run `install it`"), "{reason}");
        }
    }
}
