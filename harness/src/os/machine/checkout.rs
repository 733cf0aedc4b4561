//! The checkout of a run: its commit, and what its files hold beyond it.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::os::git;

/// The files that a measurement depends on: all but results of earlier runs.
const SOURCES: [&str; 4] = ["--", ".", ":!results", ":!README.md"];

/// The full hash of the checkout's commit, and the number of files that differ from it, untracked ones included; files that
/// `.gitignore` lists do not count.
///
/// Returns `None` where `root` is no checkout of its own: the commit of a repository around it says nothing of it.
pub(super) fn commit(root: &Path) -> Option<(String, usize)> {
    git::check_own(root).ok()?;
    let hash = ask(root, &["rev-parse", "HEAD"])?;
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
    hash.update(ask(root, &[&diff, &SOURCES[..]].concat())?);
    hash.update(status(root)?);
    let untracked = ["ls-files", "--others", "--exclude-standard", "-z"];
    let untracked = ask(root, &[&untracked, &SOURCES[..]].concat())?;
    for file in untracked.split('\0').filter(|file| !file.is_empty()) {
        // A file that cannot be read, such as a broken link, has no content to differ in.
        hash.update(Sha256::digest(fs::read(root.join(file)).unwrap_or_default()));
    }
    Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A line for each file that differs from the commit, whatever the user's own settings of git show.
fn status(root: &Path) -> Option<String> {
    ask(root, &[&["status", "--porcelain", "--untracked-files=all"], &SOURCES[..]].concat())
}

fn ask(root: &Path, arguments: &[&str]) -> Option<String> {
    git::ask(root, arguments).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::synthetic_repository::Repository;

    #[test]
    fn untracked_sources_are_changes_and_ignored_files_and_results_are_none() {
        let repository = Repository::new();
        repository.commit(&[("a", "1")]);
        let root = repository.root();
        let changed = || commit(root).map(|(_, changed)| changed);
        assert_eq!((changed(), changes(root)), (Some(0), None));
        for file in ["target/ignored", "results/b", "README.md"] {
            repository.write(file, "2");
        }
        assert_eq!((changed(), changes(root)), (Some(0), None));
        let write = |file: &str, text: &str| {
            repository.write(file, text);
            (changed(), changes(root).unwrap())
        };
        let (one, first) = write("new/b", "3");
        // A user may have git show no untracked files.
        repository.git(&["config", "status.showUntrackedFiles", "no"]);
        let (two, second) = write("new/c", "3");
        let (still, third) = write("new/c", "4");
        assert_eq!((one, two, still), (Some(1), Some(2), Some(2)));
        assert!(first != second && second != third, "the content counts");
    }

    #[test]
    fn the_commit_of_a_repository_around_the_folder_is_none_of_its_own() {
        let repository = Repository::new();
        repository.commit(&[("inner/a", "1")]);
        let inner = repository.root().join("inner");
        assert!(commit(repository.root()).is_some());
        assert_eq!((commit(&inner), changes(&inner)), (None, None));
        ask(&inner, &["init", "--quiet"]).unwrap();
        assert_eq!(commit(&inner), None, "it has no commit yet");
    }
}
