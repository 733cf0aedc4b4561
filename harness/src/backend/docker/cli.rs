//! The docker command line, and what its complaints mean.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use sha2::{Digest, Sha256};

use crate::failure::Error;
use crate::os::log;
use crate::os::placement::Cpus;
use crate::os::process;
use crate::os::stop::{Stop, WaitError};

/// How long a command of docker may take.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(90);

/// Calls docker for one compose project of one checkout.
#[derive(Clone, Debug)]
pub(super) struct Cli {
    root: PathBuf,
    project: String,
    /// What compose reads, in this order.
    files: Vec<PathBuf>,
    /// The variables that compose.yaml reads, besides those of .env.
    environment: BTreeMap<String, String>,
    /// Where docker's command line runs.
    cpus: Cpus,
}

impl Cli {
    /// For the checkout at `root`.
    pub(super) fn new(root: &Path, cpus: &Cpus) -> Cli {
        let project = std::env::var("COMPOSE_PROJECT_NAME").ok().filter(|name| !name.is_empty());
        Cli {
            root: root.to_owned(),
            project: project.unwrap_or_else(|| project_of(root)),
            files: vec![PathBuf::from("compose.yaml")],
            environment: BTreeMap::new(),
            cpus: cpus.clone(),
        }
    }

    /// The compose project's name.
    pub(super) fn project(&self) -> &str {
        &self.project
    }

    /// Adds a file that compose reads from now on.
    pub(super) fn add(&mut self, file: PathBuf) {
        self.files.push(file);
    }

    /// Sets a variable that compose.yaml reads from now on.
    pub(super) fn set(&mut self, name: impl Into<String>, value: String) {
        self.environment.insert(name.into(), value);
    }

    /// The value of a variable that was set.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }

    /// `docker ARGUMENTS`, not yet started.
    pub(super) fn docker(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.current_dir(&self.root).envs(&self.environment).args(arguments);
        command
    }

    /// `docker compose ARGUMENTS` for the project, with all its services, not yet started.
    pub(super) fn compose(&self, arguments: &[&str]) -> Command {
        let mut command = self.docker(&["compose", "--project-name", &self.project]);
        command.arg("--project-directory").arg(&self.root);
        for file in &self.files {
            command.arg("--file").arg(file);
        }
        command.args(["--profile", "*"]).args(arguments);
        command
    }

    /// Runs docker's command line on these CPUs from now on.
    pub(super) fn place(&mut self, cpus: &Cpus) {
        self.cpus = cpus.clone();
    }

    /// What a command prints.
    ///
    /// # Errors
    /// What it complains of, and what mends it; that it takes too long; or the interruption.
    pub(super) fn ask(&self, command: Command, stop: &Stop) -> Result<String, Error> {
        self.call(command, stop).map(|said| said.out)
    }

    /// What a command prints, complaints included.
    ///
    /// # Errors
    /// Those of [`Cli::ask`].
    pub(super) fn call(&self, mut command: Command, stop: &Stop) -> Result<Said, Error> {
        let failed = |error: io::Error| Error::Failed(format!("docker cannot be called: {error}"));
        let (out, err) =
            (tempfile::tempfile().map_err(failed)?, tempfile::tempfile().map_err(failed)?);
        command
            .stdin(Stdio::null())
            .stdout(out.try_clone().map_err(failed)?)
            .stderr(err.try_clone().map_err(failed)?);
        let child = process::spawn_tied(&mut command, Some(&self.cpus), Signal::SIGTERM);
        let mut child = child.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Error::Failed("docker is not installed: install Docker and its compose plugin, then run this again".into())
            }
            _ => failed(error),
        })?;
        match process::wait(&mut child, Some(Instant::now() + COMMAND_TIMEOUT), stop) {
            Ok(status) if status.success() => {
                Ok(Said { out: text(out).map_err(failed)?, err: text(err).map_err(failed)? })
            }
            Ok(_) => {
                let said = text(err).map_err(failed)?;
                Err(Error::Failed(complaint(&said).unwrap_or_else(|| {
                    format!("docker failed at `{}`: {}", words(&command), last_line(&said))
                })))
            }
            Err(WaitError::Interrupted) => Err(Error::Interrupted),
            Err(WaitError::Failed(error)) => Err(failed(error)),
            Err(WaitError::TimedOut) => Err(Error::Failed(format!(
                "docker did not end `{}` within {} s: see whether its engine is well",
                words(&command),
                COMMAND_TIMEOUT.as_secs()
            ))),
        }
    }

    /// The failure of a server, or the loss of the engine, if that is why: then nothing is the server's fault.
    pub(super) fn unless_engine_is_lost<F>(&self, error: Error<F>) -> Error<F> {
        if !matches!(error, Error::Failed(_)) {
            return error;
        }
        match self.versions(&Stop::never()) {
            Err(Error::Failed(how)) => Error::ServiceLost(how),
            _ => error,
        }
    }

    /// The versions of the engine and of compose.
    ///
    /// # Errors
    /// When one of them does not answer.
    pub(super) fn versions(&self, stop: &Stop) -> Result<(String, String), Error> {
        let engine =
            self.ask(self.docker(&["version", "--format", "{{.Server.Version}}"]), stop)?;
        let compose = self.ask(self.docker(&["compose", "version"]), stop)?;
        // It says `Docker Compose version 2.26.1`.
        let compose = compose.trim().rsplit(' ').next().unwrap_or_default();
        Ok((engine.trim().to_owned(), compose.to_owned()))
    }
}

/// What a command printed.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// On standard output.
    pub(super) out: String,
    /// On standard error.
    pub(super) err: String,
}

/// The compose project of the checkout at `root`: always the same for one checkout, and another for every other, so that
/// their containers are not confused.
fn project_of(root: &Path) -> String {
    let bytes = root.as_os_str().as_encoded_bytes();
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(bytes));
    format!("stackmark-{:08x}", u32::from_be_bytes([a, b, c, d]))
}

/// What docker says, all of it in lower case, and what mends it.
const COMPLAINTS: [(&[&str], &str); 9] = [
    (
        &["permission denied", "docker", "sock"],
        "you may not use Docker's socket: run as root, or join the group docker and log in again",
    ),
    (&["cannot connect to the docker daemon"], NO_ENGINE),
    (&["error during connect"], NO_ENGINE),
    (&["'compose' is not a docker command"], NO_COMPOSE),
    (&["unknown command: docker compose"], NO_COMPOSE),
    (&["unknown shorthand flag"], NO_COMPOSE),
    (
        &["no space left on device"],
        "the disk is full: make room, for example by `docker builder prune` and `docker image prune`",
    ),
    (&["port is already allocated"], PORT_TAKEN),
    (&["address already in use"], PORT_TAKEN),
];
const NO_ENGINE: &str = "no Docker engine answers: start it (systemctl start docker), or point DOCKER_HOST at one on this \
    machine";
const NO_COMPOSE: &str = "docker has no compose v2: install Docker's compose plugin";
const PORT_TAKEN: &str =
    "a port is taken: stop what listens there, or publish another in compose.yaml";
/// How docker says that an image cannot be had.
const NO_IMAGE: [&str; 5] = [
    "no such image",
    "pull access denied",
    "manifest unknown",
    "failed to resolve reference",
    "no such host",
];

/// What docker complains of, and what mends it; absent where that is not known.
pub(super) fn complaint(said: &str) -> Option<String> {
    let lower = said.to_lowercase();
    let known = COMPLAINTS.iter().find(|(words, _)| words.iter().all(|word| lower.contains(word)));
    if let Some((_, mend)) = known {
        return Some((*mend).to_owned());
    }
    NO_IMAGE.iter().any(|words| lower.contains(words)).then(|| {
        format!(
            "an image is missing and cannot be had ({}): see the images in .env, and that their registry is reached",
            last_line(said)
        )
    })
}

fn words(command: &Command) -> String {
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.collect();
    // What every call of compose has before its own words says nothing.
    let own = words.iter().position(|word| word == "*").map_or(0, |last| last + 1);
    words[own..].join(" ")
}

fn text(mut file: File) -> io::Result<String> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The last line of what docker printed.
pub(super) fn last_line(text: &str) -> &str {
    log::last_line(text).unwrap_or("it said nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_complaint_says_what_mends_it() {
        for (said, mend) in [
            (
                "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
                "group docker",
            ),
            (
                "Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?",
                "start it",
            ),
            ("docker: 'compose' is not a docker command.\nSee 'docker --help'", "compose plugin"),
            ("write /var/lib/x: no space left on device", "make room"),
            ("Bind for 127.0.0.1:8101 failed: port is already allocated", "port is taken"),
            ("Error response from daemon: No such image: mysql:9.9", ".env"),
        ] {
            let complaint = complaint(said).unwrap_or_default();
            assert!(complaint.contains(mend), "{said}: {complaint}");
        }
        assert_eq!(complaint("something else"), None);
    }

    #[test]
    fn two_checkouts_have_two_projects() {
        let one = project_of(Path::new("/a/stackmark"));
        assert_ne!(one, project_of(Path::new("/b/stackmark")));
        assert_eq!(one.len(), "stackmark-".len() + 8);
    }
}
