//! Servers, scenarios, loads, profiles and studies: data, read from TOML.

pub mod cell;
pub mod human_time;
pub mod profile;
pub mod revision;
pub mod scenario;
pub mod select;
pub mod server;
pub mod study;
pub mod study_file;
#[cfg(test)]
pub(crate) mod synthetic_registry;
pub mod warmup;

use std::path::{Path, PathBuf};

pub use human_time::HumanTime;
pub use profile::Profile;
pub use registry::toml_file::TomlError;
pub(crate) use registry::toml_file::read_toml;
pub use registry::{Registry, Role, Server};
pub use revision::{Commits, Revision, Side};
pub use scenario::{Load, LoadKind, Scenario};
pub use select::{Filter, select};
pub use study_file::Study;

/// The reason why a definition cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// The file cannot be read, or is not valid TOML of the expected form.
    #[error(transparent)]
    File(#[from] TomlError),
    /// The file is well formed but inconsistent.
    #[error("{}: {message}", path.display())]
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// What is inconsistent.
        message: String,
    },
    /// A name that was given does not exist.
    #[error("there is no {kind} {name:?}; there are: {known}")]
    Unknown {
        /// The kind of thing that was named: study or profile.
        kind: &'static str,
        /// The name.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// No study was named, and none is the default.
    #[error("no study is the default; name one with --study: {known}")]
    NoDefaultStudy {
        /// The names that exist.
        known: String,
    },
    /// Filters leave nothing of a study.
    #[error(
        "nothing of the study {study} is left to measure, because {why}; filter less, or leave the study out"
    )]
    EmptyStudy {
        /// The study's name.
        study: String,
        /// What is missing.
        why: String,
    },
    /// The servers of a commit cannot be known.
    #[error(
        "commit {commit} cannot be measured: {cause}; compare commits whose registry this stackmark understands"
    )]
    Revision {
        /// The abbreviated hash.
        commit: String,
        /// What is wrong with its registry.
        cause: String,
    },
    /// Only one of two commits has a server.
    #[error(
        "commit {has} has a server {name:?} and commit {lacks} has none; choose with -s among those of both: {both}"
    )]
    OneSided {
        /// The server's name.
        name: String,
        /// The abbreviated hash of the commit that has it.
        has: String,
        /// The abbreviated hash of the commit that lacks it.
        lacks: String,
        /// The servers that both have.
        both: String,
    },
    /// A filter matches nothing.
    #[error("no {kind} matches {pattern:?}; there are: {known}")]
    NoMatch {
        /// The kind of thing that it filters: server, scenario or load.
        kind: &'static str,
        /// The name.
        pattern: String,
        /// The names that exist.
        known: String,
    },
}

/// Refuses names that occur twice, because their results would be mixed up.
pub(crate) fn unique<'a>(
    path: &Path,
    kind: &str,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), DefinitionError> {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(DefinitionError::Inconsistent {
                path: path.to_owned(),
                message: format!("the {kind} {name:?} is there twice; give each a name of its own"),
            });
        }
    }
    Ok(())
}
