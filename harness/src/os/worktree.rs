//! Worktrees of commits: each in a folder of its own, kept with what was built in it.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::git::{GitError, ask};

/// The folder of the worktree of `commit`, a full hash, of the repository at `root`: `folder/<commit>`.
///
/// One that is there is kept, so that what was built in it need not be built again; its files are made those of the
/// commit, but for what its `.gitignore` lists. One that is broken, half made, or of another repository is made again.
///
/// # Errors
/// [`GitError::NoWorktree`].
pub fn ready(root: &Path, folder: &Path, commit: &str) -> Result<PathBuf, GitError> {
    let path = folder.join(commit);
    let failed =
        |said: String| GitError::NoWorktree { commit: commit.to_owned(), path: path.clone(), said };
    let unwritable =
        |error: io::Error| failed(format!("{error}; see that the folder is yours and has room"));
    fs::create_dir_all(folder).map_err(unwritable)?;
    // Another process may be making the same one; the lock ends with its file.
    let lock = OpenOptions::new().create(true).append(true).open(folder.join("lock"));
    let lock = lock.map_err(unwritable)?;
    lock.lock().map_err(unwritable)?;
    let worktree = Worktree { root, path: &path, commit };
    if !worktree.is_kept() {
        worktree.remove().map_err(unwritable)?;
        worktree.make().map_err(|error| failed(error.to_string()))?;
    }
    Ok(path)
}

struct Worktree<'a> {
    root: &'a Path,
    path: &'a Path,
    commit: &'a str,
}

impl Worktree<'_> {
    /// Whether it is there, with the files of the commit, after what can be done without losing what was built.
    fn is_kept(&self) -> bool {
        if !self.path.is_dir() {
            return false;
        }
        if !self.is_of_repository() {
            // The repository may have been moved.
            let _ = ask(self.root, &["worktree", "repair", &self.path.to_string_lossy()]);
        }
        // Git would act on a repository around a folder that is none.
        if !self.is_of_repository() {
            return false;
        }
        if !self.is_clean() {
            let _ = ask(self.path, &["reset", "--hard", "--quiet", self.commit]);
            let _ = ask(self.path, &["clean", "--force", "-d", "--quiet"]);
        }
        self.is_clean()
    }

    fn is_of_repository(&self) -> bool {
        let place = |folder: &Path, what: &str| {
            let answer = ask(folder, &["rev-parse", "--path-format=absolute", what]).ok()?;
            fs::canonicalize(answer.trim_end()).ok()
        };
        let common = place(self.path, "--git-common-dir");
        common.is_some()
            && common == place(self.root, "--git-common-dir")
            && place(self.path, "--show-toplevel") == fs::canonicalize(self.path).ok()
    }

    fn is_clean(&self) -> bool {
        let is = |arguments: &[&str], expected: &str| {
            ask(self.path, arguments).is_ok_and(|answer| answer.trim_end() == expected)
        };
        is(&["rev-parse", "HEAD"], self.commit)
            && is(&["status", "--porcelain", "--untracked-files=all"], "")
    }

    fn remove(&self) -> io::Result<()> {
        // What git does not know as a worktree is a mere folder.
        let _ = ask(
            self.root,
            &["worktree", "remove", "--force", "--force", &self.path.to_string_lossy()],
        );
        match fs::remove_dir_all(self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn make(&self) -> Result<(), GitError> {
        let path = self.path.to_string_lossy();
        let without_hooks = ["-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet"];
        // Forced twice, git also takes a place that it still knows as that of a worktree, even of a locked one.
        let place = ["--force", "--force", "--detach", &path, self.commit];
        let made = ask(self.root, &[&without_hooks[..], &place[..]].concat());
        if made.is_err() {
            let _ = self.remove();
        }
        made.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::synthetic_repository::Repository;

    struct Case {
        repository: Repository,
        commit: String,
        folder: PathBuf,
    }

    /// A repository of two commits; the worktrees are of the first.
    fn case() -> Case {
        let repository = Repository::new();
        let commit = repository.commit(&[("a", "1"), ("b", "1")]);
        repository.commit(&[("a", "2")]);
        let folder = repository.root().join(".stackmark/revisions");
        Case { repository, commit, folder }
    }

    impl Case {
        /// Makes the worktree ready, and checks that it has the commit's files.
        #[track_caller]
        fn ready(&self) -> PathBuf {
            let path = ready(self.repository.root(), &self.folder, &self.commit).unwrap();
            let text = |file: &str| fs::read_to_string(path.join(file)).ok();
            assert_eq!((text("a").as_deref(), text("new")), (Some("1"), None));
            assert_eq!(self.repository.git(&["status", "--porcelain"]), "", "none is in the way");
            path
        }

        /// The same after something was built there.
        fn built(&self) -> (PathBuf, impl Fn() -> bool + use<>) {
            let path = self.ready();
            let program = path.join("target/program");
            fs::create_dir_all(path.join("target")).unwrap();
            fs::write(&program, "").unwrap();
            (path, move || program.is_file())
        }
    }

    #[test]
    fn a_worktree_is_kept_with_what_was_built_in_it() {
        let case = case();
        let (path, is_built) = case.built();
        assert_eq!(case.ready(), path);
        assert!(is_built());
    }

    #[test]
    fn what_was_changed_in_a_worktree_is_undone() {
        let case = case();
        let (path, is_built) = case.built();
        fs::write(path.join("a"), "3").unwrap();
        fs::write(path.join("new"), "3").unwrap();
        fs::remove_file(path.join("b")).unwrap();
        case.ready();
        assert!(path.join("b").is_file() && is_built());
        ask(&path, &["checkout", "--quiet", "--detach", "HEAD"]).unwrap();
        let second = case.repository.git(&["rev-parse", "HEAD"]);
        ask(&path, &["checkout", "--quiet", second.trim_end()]).unwrap();
        case.ready();
        assert!(is_built());
    }

    #[test]
    fn a_broken_worktree_is_made_again_and_the_checkout_is_left_alone() {
        let case = case();
        case.repository.write("a", "not committed");
        let own = || fs::read_to_string(case.repository.root().join("a")).unwrap();
        let path = ready(case.repository.root(), &case.folder, &case.commit).unwrap();
        // Without this file, git takes the folder for a part of the checkout around it.
        fs::remove_file(path.join(".git")).unwrap();
        fs::write(path.join("a"), "3").unwrap();
        ready(case.repository.root(), &case.folder, &case.commit).unwrap();
        assert_eq!(fs::read_to_string(path.join("a")).unwrap(), "1");
        assert_eq!(own(), "not committed");
    }

    #[test]
    fn a_half_made_or_forgotten_worktree_is_made_again() {
        let case = case();
        let path = case.ready();
        // As a process leaves it that is killed while git makes it.
        case.repository.git(&["worktree", "lock", &path.to_string_lossy()]);
        fs::remove_dir_all(&path).unwrap();
        case.ready();
        // As `rm -rf` and a garbage collection of git leave it.
        fs::remove_dir_all(&path).unwrap();
        case.repository.git(&["worktree", "prune"]);
        fs::create_dir_all(path.join("half")).unwrap();
        case.ready();
        assert!(!path.join("half").exists());
    }

    #[test]
    fn a_moved_repository_keeps_what_was_built() {
        let mut case = case();
        let (_, _) = case.built();
        let moved = tempfile::tempdir().unwrap();
        let to = moved.path().join("moved");
        fs::rename(case.repository.root(), &to).unwrap();
        case.folder = to.join(".stackmark/revisions");
        let path = ready(&to, &case.folder, &case.commit).unwrap();
        assert!(path.join("target/program").is_file());
    }

    #[test]
    fn what_stands_in_the_way_is_told() {
        let case = case();
        fs::create_dir_all(case.folder.parent().unwrap()).unwrap();
        fs::write(&case.folder, "a file").unwrap();
        let error = ready(case.repository.root(), &case.folder, &case.commit).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("see that the folder is yours") && text.contains(&case.commit));
    }
}
