//! Two commits of a small repository, compared by real runs and counts of real servers. They need built servers and
//! valgrind, as `make test` provides them, and no database.

#![allow(clippy::unwrap_used)] // A test that cannot set itself up fails, and should.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use stackmark::format::folder;
use stackmark::format::journal::Entry;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The study of the repository's one server.
const STUDY: &str = r#"
question = "Which is best?"
default = true
[servers]
axes = { language = ["rust"] }
[[cells]]
scenarios = ["demo"]
loads = ["closed-64"]
[[cells]]
scenarios = ["demo"]
loads = ["open-common"]
"#;

/// A repository of two commits. Both have one server, the built server without a database, which its build copies; the
/// second says another version.
struct Repository {
    folder: tempfile::TempDir,
    commits: [String; 2],
}

impl Repository {
    fn new() -> Repository {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "harness/scenarios/scenarios.toml",
            "harness/scenarios/loads.toml",
            "harness/scenarios/profiles.toml",
        ] {
            let to = folder.path().join(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(Path::new(ROOT).join(file), to).unwrap();
        }
        let studies = folder.path().join("harness/studies");
        fs::create_dir_all(&studies).unwrap();
        fs::write(studies.join("rust.toml"), STUDY).unwrap();
        fs::write(folder.path().join(".gitignore"), "/target/\n/.stackmark/\n/results/\n").unwrap();
        let mut repository = Repository { folder, commits: Default::default() };
        repository.git(&["init", "--quiet"]);
        repository.commits = ["1", "2"].map(|version| repository.commit("one", version));
        repository
    }

    fn git(&self, arguments: &[&str]) -> String {
        let author = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let output = Command::new("git")
            .current_dir(self.folder.path())
            .args([&author[..], arguments].concat())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }

    fn commit(&self, name: &str, version: &str) -> String {
        let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| format!("{ROOT}/target"));
        let binary = Path::new(&target).join("release/null");
        assert!(
            binary.is_file(),
            "no server is built: run `make test`, or `make servers` before it"
        );
        let entry = format!(
            r#"
            [[server]]
            name = "{name}"
            role = "contender"
            axes = {{ language = "rust", framework = "none", layer = "none", driver = "none", runtime = "tokio", database = "none" }}
            answers = ["demo"]
            needs = []
            dockerfile = "d"
            build = [["mkdir", "-p", "target"], ["cp", "{}", "target/one"]]
            version = ["sh", "-c", "test -x target/one && echo {name} {version}"]
            run = ["target/one"]
            "#,
            fs::canonicalize(binary).unwrap().display()
        );
        fs::create_dir_all(self.folder.path().join("servers")).unwrap();
        fs::write(self.folder.path().join("servers/servers.toml"), entry).unwrap();
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--no-gpg-sign", "--message", version]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn stackmark(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_stackmark"))
            .current_dir(self.folder.path())
            .args(arguments)
            .output()
            .unwrap()
    }

    fn worktree(&self, commit: usize) -> PathBuf {
        self.folder.path().join(".stackmark/revisions").join(&self.commits[commit])
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn done(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// Checks that the exit status is 2, and standard error is one line with all `words`.
#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty() && said.lines().count() == 1, "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is missing: {said}");
    }
}

#[test]
fn two_commits_are_built_apart_and_measured_in_one_run() {
    let repository = Repository::new();
    let smoke = ["run", "--base", "HEAD~1", "--profile", "smoke", "-l", "^closed-64$"];
    let output = repository.stackmark(&[&smoke[..], &["--format", "markdown"]].concat());
    let page = done(&output);
    let out = folder::newest(&repository.folder.path().join("results")).unwrap();
    assert_eq!(fs::read_to_string(out.join("change.md")).unwrap(), page);
    let [base, head] = &repository.commits;
    assert!(page.starts_with(&format!("### {} against {}\n", &head[..12], &base[..12])), "{page}");
    assert!(page.contains("| one    | demo × closed-64 |"), "{page}");

    let raw = folder::read(&out).unwrap();
    let servers: Vec<_> =
        raw.run.server.iter().map(|one| (one.name.as_str(), one.revision.as_deref())).collect();
    let (base, head) = (Some(base.as_str()), Some(head.as_str()));
    let twins = [("one.twin@base", base), ("one.twin@head", head)];
    assert_eq!(servers, [&[("one@base", base), ("one@head", head)][..], &twins].concat());
    let version = |name: &str| {
        raw.entries.iter().find_map(|entry| match entry {
            Entry::Verified { server, version, .. } if server == name => Some(version.clone()),
            _ => None,
        })
    };
    assert_eq!(version("one@base").as_deref(), Some("one 1"));
    assert_eq!(version("one@head").as_deref(), Some("one 2"));
    assert_eq!(raw.entries.last(), Some(&Entry::Finished));
    let run = out.to_str().unwrap();
    done(&repository.stackmark(&["report", run, "--check"]));

    // The run can be repeated where its worktrees are gone, but not where its commits are.
    fs::remove_dir_all(repository.worktree(0)).unwrap();
    let plan = done(&repository.stackmark(&["run", "--like", run, "--plan"]));
    assert!(plan.contains("one@base") && plan.contains("one.twin@head"), "{plan}");
    assert!(repository.worktree(0).join("servers/servers.toml").is_file());
    let file = out.join("raw/run.toml");
    let other = fs::read_to_string(&file).unwrap().replace(&repository.commits[0], &"0".repeat(40));
    fs::write(&file, other).unwrap();
    let again = repository.stackmark(&["run", "--like", run, "--plan"]);
    refused(&again, &["compares commits", "names no commit"]);
}

#[test]
fn the_same_program_of_two_commits_passes_a_count() {
    let repository = Repository::new();
    let count = ["count", "--base", "HEAD~1", "-c", "^demo$", "--fail-on", "regression"];
    let counted = done(&repository.stackmark(&[&count[..], &["--tolerance", "5%"]].concat()));
    assert!(counted.contains("one") && counted.contains("undecided"), "{counted}");
    assert!(repository.worktree(0).join("target/one").is_file());
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let repository = Repository::new();
    let run = |more: &[&str]| repository.stackmark(&[&["run", "--plan"], more].concat());
    let plan = done(&run(&["--base", "HEAD~1"]));
    assert!(plan.contains("one.twin@head"), "{plan}");
    refused(&run(&["--base", "no-such"]), &["\"no-such\" names no commit", "shallow clone"]);
    refused(&run(&["--base", "HEAD~1", "--backend", "docker"]), &["--backend docker has none"]);
    refused(&run(&["--fail-on", "regression"]), &["add --base, or leave them out"]);
    refused(&run(&["--format", "markdown"]), &["add --base, or leave them out"]);
    refused(&repository.stackmark(&["count", "--fail-on", "difference"]), &["add --base"]);
    let usage: [&[&str]; 5] = [
        &["--head", "HEAD"],
        &["--base", "HEAD", "--like", "results/x"],
        &["--base", "HEAD", "--resume", "results/x"],
        &["--base", "HEAD", "--registry", "x"],
        &["--base", "HEAD", "--fail-on", "regression", "--tolerance", "1"],
    ];
    for arguments in usage {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }

    fs::write(repository.folder.path().join("new"), "").unwrap();
    refused(&run(&["--base", "HEAD~1"]), &["not committed", "--head HEAD"]);
    done(&run(&["--base", "HEAD~1", "--head", "HEAD"]));
    repository.commit("other", "3");
    refused(&run(&["--base", "HEAD~1"]), &["a server \"one\"", "has none; choose with -s"]);
    fs::remove_dir_all(repository.folder.path().join(".git")).unwrap();
    refused(&run(&["--base", "HEAD"]), &["is no git checkout of its own"]);
}
