//! The checkout of a run: its commit, and what its files hold beyond it.

use std::fs;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

/// The files that a measurement depends on: all but results of earlier runs.
const SOURCES: [&str; 4] = ["--", ".", ":!results", ":!README.md"];

/// The full hash of the checkout's commit, and the number of files that differ from it, untracked ones included; files that
/// `.gitignore` lists do not count.
///
/// Returns `None` where `root` is no checkout of its own: the commit of a repository around it says nothing of it.
pub(super) fn commit(root: &Path) -> Option<(String, usize)> {
    let top = git(root, &["rev-parse", "--show-toplevel"])?;
    if fs::canonicalize(top.trim()).ok()? != fs::canonicalize(root).ok()? {
        return None;
    }
    let hash = git(root, &["rev-parse", "HEAD"])?;
    Some((hash.trim().to_owned(), status(root)?.lines().count()))
}

/// A hash of what the checkout's files hold beyond its commit, with the content of untracked files; `None` where they are
/// equal to it, or `root` is no checkout of its own.
pub(super) fn changes(root: &Path) -> Option<String> {
    let (_, changed) = commit(root)?;
    if changed == 0 {
        return None;
    }
    let diff = ["diff", "--no-ext-diff", "--no-color", "--binary", "HEAD"];
    let mut hash = Sha256::new();
    hash.update(git(root, &[&diff, &SOURCES[..]].concat())?);
    hash.update(status(root)?);
    let untracked = ["ls-files", "--others", "--exclude-standard", "-z"];
    let untracked = git(root, &[&untracked, &SOURCES[..]].concat())?;
    for file in untracked.split('\0').filter(|file| !file.is_empty()) {
        // A file that cannot be read, such as a broken link, has no content to differ in.
        hash.update(Sha256::digest(fs::read(root.join(file)).unwrap_or_default()));
    }
    Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A line for each file that differs from the commit, whatever the user's own settings of git show.
fn status(root: &Path) -> Option<String> {
    git(root, &[&["status", "--porcelain", "--untracked-files=all"], &SOURCES[..]].concat())
}

/// What git prints in `root`. Variables by which a calling git names another repository are dropped.
fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        git.env_remove(variable);
    }
    let output = git.current_dir(root).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A checkout of one commit, with a file `a` and a list of ignored files.
    fn checkout(root: &Path) {
        fs::write(root.join("a"), "1").unwrap();
        fs::write(root.join(".gitignore"), "ignored\n").unwrap();
        let author = ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit"];
        for arguments in [
            &["init", "--quiet"][..],
            &["add", "."],
            &[&author[..], &["--quiet", "--no-gpg-sign", "--message", "a"]].concat(),
        ] {
            assert!(git(root, arguments).is_some(), "{arguments:?}");
        }
    }

    #[test]
    fn untracked_sources_are_changes_and_ignored_files_and_results_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        checkout(root);
        let changed = || commit(root).map(|(_, changed)| changed);
        assert_eq!((changed(), changes(root)), (Some(0), None));
        fs::create_dir_all(root.join("results")).unwrap();
        for file in ["ignored", "results/b", "README.md"] {
            fs::write(root.join(file), "2").unwrap();
        }
        assert_eq!((changed(), changes(root)), (Some(0), None));
        fs::create_dir_all(root.join("new")).unwrap();
        let write = |file: &str, text: &str| {
            fs::write(root.join(file), text).unwrap();
            (changed(), changes(root).unwrap())
        };
        let (one, first) = write("new/b", "3");
        // A user may have git show no untracked files.
        git(root, &["config", "status.showUntrackedFiles", "no"]).unwrap();
        let (two, second) = write("new/c", "3");
        let (still, third) = write("new/c", "4");
        assert_eq!((one, two, still), (Some(1), Some(2), Some(2)));
        assert!(first != second && second != third, "the content counts");
    }

    #[test]
    fn the_commit_of_a_repository_around_the_folder_is_none_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        checkout(folder.path());
        let inner = folder.path().join("inner");
        fs::create_dir_all(&inner).unwrap();
        assert!(commit(folder.path()).is_some());
        assert_eq!((commit(&inner), changes(&inner)), (None, None));
        checkout(&inner);
        assert_ne!(commit(&inner).unwrap().0, "");
    }
}
