//! The places of the project's files.

use std::path::{Path, PathBuf};

/// The checkout. Relative paths in the registry start at its top folder.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
}

/// No checkout was found.
#[derive(Debug, thiserror::Error)]
#[error("no servers/servers.toml here or in any folder above: run stackmark inside its checkout")]
pub struct NotInWorkspace;

impl Workspace {
    /// Looks for the checkout in the current folder and the folders above it.
    ///
    /// # Errors
    /// When none of those folders holds a registry.
    pub fn find() -> Result<Workspace, NotInWorkspace> {
        let here = std::env::current_dir().map_err(|_| NotInWorkspace)?;
        here.ancestors()
            .find(|folder| folder.join("servers/servers.toml").is_file())
            .map(Workspace::at)
            .ok_or(NotInWorkspace)
    }

    /// The checkout at `root`.
    #[must_use]
    pub fn at(root: &Path) -> Workspace {
        Workspace { root: root.to_owned() }
    }

    /// The checkout's top folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The registry of servers.
    #[must_use]
    pub fn registry(&self) -> PathBuf {
        self.root.join("servers/servers.toml")
    }

    /// The folder of scenarios, loads and profiles.
    #[must_use]
    pub fn scenarios(&self) -> PathBuf {
        self.root.join("harness/scenarios")
    }

    /// The folder of studies.
    #[must_use]
    pub fn studies(&self) -> PathBuf {
        self.root.join("harness/studies")
    }

    /// The folder of runs.
    #[must_use]
    pub fn results(&self) -> PathBuf {
        self.root.join("results")
    }

    /// The folder of the worktrees in which other commits are built, one a commit.
    #[must_use]
    pub fn revisions(&self) -> PathBuf {
        self.private().join("revisions")
    }

    /// The folder for data of this checkout on this machine; git ignores it.
    #[must_use]
    pub fn private(&self) -> PathBuf {
        self.root.join(".stackmark")
    }
}
