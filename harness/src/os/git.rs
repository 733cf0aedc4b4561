//! Questions to git about a checkout.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The reason why git gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// Git cannot be started.
    #[error("git cannot be run ({0}): install it")]
    Missing(io::Error),
    /// The folder is no repository, or lies in one whose top is another folder.
    #[error(
        "{} is no git checkout of its own ({said}): to compare commits, run stackmark in a clone of its repository", root.display()
    )]
    NoCheckout {
        /// The folder.
        root: PathBuf,
        /// What git says.
        said: String,
    },
    /// A word names no commit of the repository.
    #[error(
        "{0:?} names no commit that is in this repository: name another, or fetch it first, as a shallow clone lacks most"
    )]
    NoCommit(String),
    /// A worktree cannot be made.
    #[error("no worktree of commit {commit} can be made in {} ({said})", path.display())]
    NoWorktree {
        /// The full hash of the commit.
        commit: String,
        /// The worktree's folder.
        path: PathBuf,
        /// What git or the system says, and what to do.
        said: String,
    },
    /// Git refuses a command.
    #[error("git refuses: {0}")]
    Refused(String),
}

/// What git prints in `root`. Variables by which a calling git names another repository are dropped.
///
/// # Errors
/// [`GitError::Missing`], or [`GitError::Refused`] with the first line that git says.
pub(super) fn ask(root: &Path, arguments: &[&str]) -> Result<String, GitError> {
    let mut git = Command::new("git");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"] {
        git.env_remove(variable);
    }
    let git = git.current_dir(root).args(arguments).stdin(Stdio::null());
    let output = git.output().map_err(GitError::Missing)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
    Err(GitError::Refused(said.trim_start_matches("fatal: ").to_owned()))
}

/// Passes if `root` is the top of a checkout: a repository around it knows nothing of it.
///
/// # Errors
/// [`GitError::NoCheckout`], or that git is missing.
pub fn check_own(root: &Path) -> Result<(), GitError> {
    let no_checkout = |said: String| GitError::NoCheckout { root: root.to_owned(), said };
    let top = match ask(root, &["rev-parse", "--show-toplevel"]) {
        Err(GitError::Refused(said)) => return Err(no_checkout(said)),
        top => top?,
    };
    let same = |top: &Path| fs::canonicalize(top).ok() == fs::canonicalize(root).ok();
    if same(Path::new(top.trim_end())) {
        return Ok(());
    }
    Err(no_checkout("it lies in another repository".into()))
}

/// The full hash of the commit that a word names: a hash, a branch, a tag, `HEAD~3`, whatever git understands.
///
/// # Errors
/// [`GitError::NoCommit`], or what [`check_own`] says of `root`.
pub fn resolve(root: &Path, word: &str) -> Result<String, GitError> {
    check_own(root)?;
    let commit = format!("{word}^{{commit}}");
    match ask(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]) {
        Ok(hash) => Ok(hash.trim_end().to_owned()),
        Err(GitError::Refused(_)) => Err(GitError::NoCommit(word.to_owned())),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::synthetic_repository::Repository;

    #[test]
    fn a_commit_is_found_by_whatever_names_it() {
        let repository = Repository::new();
        let first = repository.commit(&[("a", "1")]);
        let second = repository.commit(&[("a", "2")]);
        repository.git(&["tag", "--annotate", "--message", "t", "v1", &first]);
        let root = repository.root();
        for (word, commit) in
            [("HEAD", &second), ("HEAD~1", &first), ("v1", &first), (&second[..9], &second)]
        {
            assert_eq!(resolve(root, word).unwrap(), *commit, "{word}");
        }
        for word in ["no-such", "--all", "HEAD:a", ""] {
            let error = resolve(root, word).unwrap_err();
            assert!(matches!(&error, GitError::NoCommit(named) if named == word), "{error}");
        }
    }

    #[test]
    fn a_folder_in_a_repository_is_no_checkout_of_its_own() {
        let repository = Repository::new();
        repository.commit(&[("inner/a", "1")]);
        let inner = repository.root().join("inner");
        let error = resolve(&inner, "HEAD").unwrap_err().to_string();
        assert!(error.contains("it lies in another repository"), "{error}");
        let nowhere = tempfile::tempdir().unwrap();
        let error = resolve(nowhere.path(), "HEAD").unwrap_err();
        assert!(matches!(error, GitError::NoCheckout { .. }), "{error}");
    }
}
