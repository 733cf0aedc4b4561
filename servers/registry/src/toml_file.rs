//! The reading of a TOML file, with errors that say where.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// The reason why a TOML file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TomlError {
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
}

/// Reads a TOML file into `T`.
///
/// # Errors
/// When the file cannot be read, or its text is not a `T`; then with the line.
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, TomlError> {
    let text = fs::read_to_string(path)
        .map_err(|cause| TomlError::Unreadable { path: path.to_owned(), cause })?;
    toml::from_str(&text).map_err(|error| TomlError::Malformed {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count()),
        message: error.message().replace('\n', " "),
    })
}
