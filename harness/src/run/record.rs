//! The record of a run: begun in a folder of its own, or resumed in the folder that holds it.

use std::io;
use std::path::{Path, PathBuf};

use crate::backend::{Backend, Kind};
use crate::definition::server::{POOL_SIZE, RunServer};
use crate::format;
use crate::format::folder::{self, FolderError};
use crate::format::journal::{Entry, Journal};
use crate::format::run::RunFile;
use crate::format::site::Site;
use crate::os::machine::{self, MachineFile};
use crate::plan::Plan;
use crate::run::resume::Completed;

/// Why a run cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A file cannot be written.
    #[error("{} ({path}: {cause})", unwritable(.out), path = .path.display())]
    Unwritable {
        /// The run's folder.
        out: PathBuf,
        /// The file or folder in it.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The run is finished.
    #[error("{} came to its end: there is nothing to resume", .0.display())]
    Finished(PathBuf),
    /// The machine or the code is another than at the run's beginning.
    #[error(
        "{name} cannot go on, because this has changed since it began (then, now): {}; restore it, or begin a new run",
        differences.join("; ")
    )]
    Changed {
        /// The run's name.
        name: String,
        /// What has changed, and how.
        differences: Vec<String>,
    },
    /// The folder is taken, or cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// What is known of a run before its first server is built.
#[must_use]
pub fn run_file(
    plan: &Plan,
    began: String,
    label: String,
    kind: Kind,
    backend: &dyn Backend,
) -> RunFile {
    RunFile {
        format: format::VERSION,
        began,
        label,
        profile: plan.profile.clone(),
        backend: kind.name().to_owned(),
        seed: plan.seed,
        blocks: plan.blocks.len() as u32,
        rounds: plan.rounds(),
        pool_size: POOL_SIZE,
        study: plan.studies.clone(),
        cpus: backend.placement().clone(),
        site: backend.site(),
        server: plan.servers.iter().map(RunServer::of).collect(),
        cell: plan.cells.clone(),
    }
}

/// Passes if a run can be begun in `out`, or resumed if `is_begun`. To be asked while the run is locked.
///
/// # Errors
/// [`FolderError::Taken`], or [`RecordError::Finished`].
pub fn check(out: &Path, is_begun: bool) -> Result<(), RecordError> {
    if !is_begun {
        return if out.exists() { Err(FolderError::Taken(out.into()).into()) } else { Ok(()) };
    }
    if folder::read(out)?.entries.contains(&Entry::Finished) {
        return Err(RecordError::Finished(out.to_owned()));
    }
    Ok(())
}

/// Makes the folder of a new run, and opens its journal.
///
/// # Errors
/// When the folder is taken or cannot be written.
pub fn create(
    out: &Path,
    run: &RunFile,
    machine: &MachineFile,
) -> Result<(Journal, Completed), RecordError> {
    match folder::create(out, run, machine) {
        Ok(journal) => Ok((journal, Completed::default())),
        Err(FolderError::Io { path, cause }) => {
            Err(RecordError::Unwritable { out: out.to_owned(), path, cause })
        }
        Err(error) => Err(error.into()),
    }
}

/// Opens the journal of a run that was begun, if the machine and the code are still those that it began with.
///
/// The folder is read again here, while the run is locked: another process may have resumed the run in the meantime.
///
/// # Errors
/// What has changed, or that the folder cannot be read or written.
pub fn resume(
    out: &Path,
    now: &RunFile,
    plan: &Plan,
    machine: &MachineFile,
) -> Result<(Journal, Completed), RecordError> {
    let raw = folder::read(out)?;
    let differences = differences(&raw, now, plan, machine);
    if !differences.is_empty() {
        return Err(RecordError::Changed { name: raw.name, differences });
    }
    let mut journal = folder::reopen(out)?;
    let resumed = Entry::Resumed { at: now.began.clone() };
    journal.write(&resumed).map_err(|cause| {
        let path = out.join("raw/journal.jsonl");
        RecordError::Unwritable { out: out.to_owned(), path, cause }
    })?;
    Ok((journal, Completed::from_journal(&raw.entries)))
}

/// What has changed since the run `raw` began, so that its trials and new ones would not be of the same thing.
fn differences(
    raw: &folder::Raw,
    now: &RunFile,
    plan: &Plan,
    machine: &MachineFile,
) -> Vec<String> {
    let mut differences = machine::differences(&raw.machine, machine);
    if raw.machine.commit != machine.commit {
        differences.push(format!("commit ({}, {})", raw.machine.commit, machine.commit));
    } else if raw.machine.changes != machine.changes {
        differences.push("what the checkout holds beyond its commit".into());
    }
    for tool in ["cargo", "rustc"] {
        let (then, now) = (raw.machine.tools.get(tool), machine.tools.get(tool));
        if let Some((then, now)) = then.zip(now).filter(|(then, now)| then != now) {
            differences.push(format!("{tool} ({then}, {now})"));
        }
    }
    let then = raw.machine.parts_sharing_cores(&raw.run.cpus);
    if then.zip(machine.parts_sharing_cores(&now.cpus)).is_some_and(|(then, now)| then != now) {
        differences.push("which parts share a core".into());
    }
    let entries = raw.run.server.iter().zip(&plan.servers);
    let changed = entries.filter(|(then, now)| **then != RunServer::of(now));
    differences.extend(changed.map(|(then, _)| format!("the registry's entry of {}", then.name)));
    let settings = |run: &RunFile| run.site.as_ref().map(Site::settings);
    if settings(&raw.run) != settings(now) {
        differences.push("the containers' limits or network, or the database's image".into());
    }
    differences
}

/// What stopped a run whose record cannot be written, and what to do.
#[must_use]
pub fn unwritable(out: &Path) -> String {
    format!(
        "{} cannot be written, so the run stopped: see that it is yours and has room",
        out.display()
    )
}
