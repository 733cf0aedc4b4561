//! The commits that a verb compares, each checked out in a worktree of its own.

use std::path::Path;

use anyhow::{Context, bail};

use crate::args;
use crate::definition::revision::short;
use crate::definition::{Commits, Revision};
use crate::format::folder::Raw;
use crate::os::{git, machine, worktree};
use crate::workspace::Workspace;

/// The commits that the command line names; `None` where it names none.
///
/// # Errors
/// When a word names no commit, a commit cannot be checked out, its registry cannot be read, or `HEAD` would leave out
/// changes that are not committed.
pub(super) fn asked(
    args: &args::Commits,
    workspace: &Workspace,
) -> anyhow::Result<Option<Commits>> {
    let Some(base) = &args.base else { return Ok(None) };
    let root = workspace.root();
    let base = git::resolve(root, base)?;
    let head = match &args.head {
        Some(head) => git::resolve(root, head)?,
        None => head_of_all(root)?,
    };
    if base == head {
        eprintln!("stackmark: both are commit {}, so what differs is noise", short(&head));
    }
    Ok(Some(Commits { base: revision(workspace, base)?, head: revision(workspace, head)? }))
}

/// The commit of the checkout, which must hold all that the checkout holds.
fn head_of_all(root: &Path) -> anyhow::Result<String> {
    let head = git::resolve(root, "HEAD")?;
    if machine::commit(root).is_some_and(|commit| commit.ends_with('+')) {
        bail!(
            "the checkout holds changes that are not committed, and two commits are compared without them: commit them, \
             or leave them out by --head HEAD"
        );
    }
    Ok(head)
}

/// The commits whose servers a run compared; none where its servers were those of its checkout.
///
/// # Errors
/// When the repository has a commit no more, or it cannot be checked out.
pub(super) fn of_run(raw: &Raw, workspace: &Workspace) -> anyhow::Result<Vec<Revision>> {
    let commits = raw.run.commits().into_iter().map(|commit| {
        let commit = git::resolve(workspace.root(), commit);
        revision(workspace, commit.with_context(|| format!("{} compares commits", raw.name))?)
    });
    commits.collect()
}

fn revision(workspace: &Workspace, commit: String) -> anyhow::Result<Revision> {
    let root = worktree::ready(workspace.root(), &workspace.revisions(), &commit)?;
    Ok(Revision::read(registry::Checkout { commit, root })?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::synthetic_repository::Repository;

    fn entry(name: &str) -> String {
        format!(
            r#"
            [[server]]
            name = "{name}"
            role = "contender"
            axes = {{ language = "l", framework = "f", layer = "y", driver = "d", runtime = "r", database = "none" }}
            answers = ["demo"]
            needs = []
            dockerfile = "d"
            build = [["sh", "-c", "cat source > built"]]
            version = ["cat", "built"]
            run = ["false"]
            "#
        )
    }

    /// A repository whose commits have these registries, and these sources of their servers.
    fn repository(commits: &[(&str, &str)]) -> (Repository, Workspace) {
        let repository = Repository::new();
        for (registry, source) in commits {
            let ignored = "/.stackmark/\nbuilt\n";
            repository.commit(&[
                ("servers/servers.toml", registry),
                ("source", source),
                (".gitignore", ignored),
            ]);
        }
        let workspace = Workspace::at(repository.root());
        (repository, workspace)
    }

    fn ask(workspace: &Workspace, base: &str, head: Option<&str>) -> anyhow::Result<Commits> {
        let args = args::Commits {
            base: Some(base.into()),
            head: head.map(Into::into),
            ..args::Commits::default()
        };
        Ok(asked(&args, workspace)?.expect("a base is named"))
    }

    #[test]
    fn each_commit_has_its_own_servers_and_sources() {
        let (one, two) = (entry("one"), entry("one") + &entry("two"));
        let (_repository, workspace) = repository(&[(&one, "1"), (&two, "2")]);
        let Commits { base, head } = ask(&workspace, "HEAD~1", None).unwrap();
        assert_eq!((base.registry.servers().len(), head.registry.servers().len()), (1, 2));
        for (revision, source) in [(&base, "1"), (&head, "2")] {
            let root = &revision.checkout.root;
            assert!(root.starts_with(workspace.private()));
            assert_eq!(std::fs::read_to_string(root.join("source")).unwrap(), source);
        }
        let same = ask(&workspace, "HEAD", Some("HEAD")).unwrap();
        assert_eq!(same.base.checkout, same.head.checkout);
        assert!(same.question().contains("nothing but noise"));
    }

    #[test]
    fn what_is_not_committed_is_left_out_only_where_that_is_asked_for() {
        let (repository, workspace) = repository(&[(&entry("one"), "1")]);
        ask(&workspace, "HEAD", None).unwrap();
        for file in ["source", "untracked"] {
            repository.write(file, "2");
            let text = ask(&workspace, "HEAD", None).unwrap_err().to_string();
            assert!(text.contains("not committed") && text.contains("--head HEAD"), "{text}");
            ask(&workspace, "HEAD", Some("HEAD")).unwrap();
            std::fs::remove_file(repository.root().join(file)).unwrap();
            repository.git(&["checkout", "--quiet", "--", "source"]);
        }
    }

    #[test]
    fn a_commit_whose_registry_is_not_understood_is_named() {
        let odd = entry("one").replace("role =", "rule =");
        let (repository, workspace) = repository(&[(&odd, "1"), (&entry("one"), "2")]);
        let first = repository.git(&["rev-parse", "--short=12", "HEAD~1"]);
        let text = ask(&workspace, "HEAD~1", None).unwrap_err().to_string();
        assert!(text.contains(first.trim_end()) && text.contains("`rule`"), "{text}");
        assert!(text.ends_with("compare commits whose registry this stackmark understands"));
    }
}
