//! What can be wrong with a registry.

use std::path::PathBuf;

use crate::toml_file::TomlError;

/// A registry, or a command of one of its servers, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read, or is not the TOML that is expected.
    #[error(transparent)]
    File(#[from] TomlError),
    /// The file is well formed, and says what cannot be.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What cannot be, and what to write instead.
        message: String,
    },
    /// A command names a variable that is not set and has no default.
    #[error("{server}: {cause}; set it, or write ${{NAME:-default}} in the registry")]
    Variable {
        /// The server's name.
        server: String,
        /// Which variable.
        cause: String,
    },
}
