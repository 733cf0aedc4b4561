//! Servers, scenarios, loads, profiles and studies: data, read from TOML.

pub mod cell;
pub mod human_time;
pub mod profile;
pub mod scenario;
pub mod select;
pub mod server;
pub mod study;
pub mod study_file;
#[cfg(test)]
pub(crate) mod synthetic_registry;
pub mod warmup;

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

pub use human_time::HumanTime;
pub use profile::Profile;
pub use registry::{Registry, Role, Server};
pub use scenario::{Load, LoadKind, Scenario};
pub use select::{Filter, select};
pub use study_file::Study;

/// The reason why a definition cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// The file cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// The file is not valid TOML of the expected form.
    #[error("{}:{line}: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
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

/// Reads a TOML file into `T`.
///
/// # Errors
/// When the file cannot be read, or does not have the form of `T`; the error then names the line.
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, DefinitionError> {
    let text = fs::read_to_string(path)
        .map_err(|cause| DefinitionError::Unreadable { path: path.to_owned(), cause })?;
    toml::from_str(&text).map_err(|error| DefinitionError::Malformed {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count()),
        message: error.message().replace('\n', " "),
    })
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
