//! What can be wrong with a registry.

use std::path::PathBuf;

/// A registry, or a command of one of its servers, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The file is not the TOML that is expected.
    #[error("{}:{line}: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
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
