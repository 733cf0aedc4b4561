//! The compose project of this checkout, which nothing else uses while it is open.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;

use super::cli::Cli;
use super::config::Config;
use crate::backend::Context;
use crate::failure::Error;
use crate::os::machine;
use crate::os::stop::{Stop, WaitError, wait_until};
use crate::workspace::Workspace;

/// The compose project of this checkout.
pub(super) struct Project {
    pub(super) cli: Cli,
    pub(super) config: Config,
    /// The engine's version.
    pub(super) engine: String,
    /// The version of compose.
    pub(super) compose: String,
    /// Keeps other processes from the project for as long as it is open.
    pub(super) lock: File,
}

impl Project {
    /// Locks the project, which has no containers afterwards, and reads its configuration.
    ///
    /// # Errors
    /// When there is no engine, the project is another checkout's, or compose.yaml lacks a server; or the interruption.
    pub(super) fn open(context: Context<'_>) -> Result<Project, Error> {
        let Context { workspace, usable, servers, stop } = context;
        let mut cli = Cli::new(workspace.root(), usable);
        let (engine, compose) = cli.versions(stop)?;
        let lock = lock(workspace, stop)?;
        clear(&cli, workspace.root(), stop)?;
        let config = cli.ask(cli.compose(&["config", "--format", "json"]), stop)?;
        let config = Config::parse(&config).map_err(|error| {
            Error::Failed(format!("compose.yaml is not as it should be: {error}"))
        })?;
        if let Some(server) = servers.iter().find(|server| !config.has(server.original())) {
            return Err(Error::Failed(format!(
                "compose.yaml has no service for {}: add it, as CONTRIBUTING.md says",
                server.original()
            )));
        }
        if let Some(commit) = machine::commit(workspace.root()) {
            cli.set("COMMIT", commit);
        }
        Ok(Project { cli, config, engine, compose, lock })
    }
}

/// Locks the project until the returned file is closed; waits while another process has it locked.
fn lock(workspace: &Workspace, stop: &Stop) -> Result<File, Error> {
    let path = workspace.private().join("docker.lock");
    let failed = |error| Error::Failed(format!("{} cannot be written: {error}", path.display()));
    fs::create_dir_all(workspace.private()).map_err(failed)?;
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
    let mut waits = false;
    let locked = wait_until(None, stop, || match file.try_lock() {
        Ok(()) => Ok(Some(())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
        Err(TryLockError::WouldBlock) => {
            if !std::mem::replace(&mut waits, true) {
                eprintln!(
                    "stackmark: another stackmark uses this checkout's containers, or is taking them down; waiting for it"
                );
            }
            Ok(None)
        }
    });
    match locked {
        Ok(()) => Ok(file),
        Err(WaitError::Failed(error)) => Err(error),
        Err(WaitError::Interrupted | WaitError::TimedOut) => Err(Error::Interrupted),
    }
}

/// Makes sure that the project is this checkout's, and removes what a run that was killed may have left of it.
fn clear(cli: &Cli, root: &Path, stop: &Stop) -> Result<(), Error> {
    let filter = format!("label=com.docker.compose.project={}", cli.project());
    let folder = "{{.Label \"com.docker.compose.project.working_dir\"}}";
    let listed =
        cli.ask(cli.docker(&["ps", "--all", "--filter", &filter, "--format", folder]), stop)?;
    let folders: Vec<&str> =
        listed.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if let Some(other) = folders.iter().find(|folder| Path::new(folder) != root) {
        return Err(Error::Failed(format!(
            "the compose project {} is that of {other}: set COMPOSE_PROJECT_NAME to another name",
            cli.project()
        )));
    }
    if !folders.is_empty() {
        eprintln!("stackmark: removing the containers that an earlier run left");
        cli.ask(cli.compose(&["down", "--remove-orphans"]), stop)?;
    }
    Ok(())
}
