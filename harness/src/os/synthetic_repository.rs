//! Small repositories of git, for tests.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::git;

/// A repository in a temporary folder. It ignores `/target/` and `/.stackmark/`.
pub(crate) struct Repository {
    folder: TempDir,
}

impl Repository {
    pub(crate) fn new() -> Repository {
        let repository =
            Repository { folder: tempfile::tempdir().expect("tests can write temporary files") };
        repository.git(&["init", "--quiet"]);
        for (key, value) in
            [("user.name", "a"), ("user.email", "a@example.org"), ("commit.gpgSign", "false")]
        {
            repository.git(&["config", key, value]);
        }
        repository.write(".gitignore", "/target/\n/.stackmark/\n");
        repository
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git::ask(self.root(), arguments).expect("git does what a test asks")
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.root().join(file);
        let folder = path.parent().expect("a file is in a folder");
        fs::create_dir_all(folder).expect("tests can write temporary files");
        fs::write(path, text).expect("tests can write temporary files");
    }

    /// Writes files and commits everything; returns the full hash of the commit.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> String {
        files.iter().for_each(|(file, text)| self.write(file, text));
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "a commit"]);
        self.git(&["rev-parse", "HEAD"]).trim_end().to_owned()
    }
}
