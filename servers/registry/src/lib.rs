//! The registry of servers: `servers/servers.toml` as data, for the harness and for the contract's test kit.
//!
//! An entry is a few lines, because it begins as its template. [`Registry::read`] writes every entry out in full, checks
//! it, and checks the relations between servers; [`Server`] then has the commands that build and run it.

mod axes;
mod command;
mod entry;
mod error;
mod file;
mod placeholder;
mod relations;
mod server;
pub mod toml_file;

use std::collections::BTreeSet;
use std::path::Path;

pub use axes::{AXES, Axes, NONE};
pub use command::VARIABLES;
pub use error::Error;
pub use server::{Ceilings, Checkout, POOL_SIZE, Program, Role, Server};

/// All servers, in the order of the file.
#[derive(Clone, Debug)]
pub struct Registry {
    servers: Vec<Server>,
}

impl Registry {
    /// Reads a registry.
    ///
    /// # Errors
    /// When the file is unreadable or malformed, when an entry says what cannot be, or when a relation names no server.
    pub fn read(path: &Path) -> Result<Registry, Error> {
        let servers = file::read(path)?;
        let invalid = |message| Error::Invalid { path: path.to_owned(), message };
        relations::check(&servers).map_err(invalid)?;
        Ok(Registry { servers })
    }

    /// Every server, in the order of the file.
    #[must_use]
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// Every axis that a server has.
    #[must_use]
    pub fn axes(&self) -> BTreeSet<&str> {
        self.servers.iter().flat_map(|server| server.axes.iter()).map(|(axis, _)| axis).collect()
    }
}

#[cfg(test)]
mod tests;
