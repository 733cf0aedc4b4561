//! `stackmark report --splice`: a first page answers from the newest run of each study, and `--check` guards it.

#![allow(clippy::unwrap_used)] // A test that cannot set itself up fails, and should.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use stackmark::definition::Role;
use stackmark::format::folder::{self, Raw};
use stackmark::format::journal::Entry;
use stackmark::format::run::RunFile;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

const PAGE: &str = "before\n<!-- stackmark: answers begin -->\n<!-- stackmark: answers end -->\nbetween\n\
    <!-- stackmark: begin -->\n<!-- stackmark: end -->\nafter\n";

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
    }
}

/// The folder of a committed run that answers the default study.
fn committed() -> PathBuf {
    let runs = fs::read_dir(Path::new(ROOT).join("results")).unwrap();
    let mut runs: Vec<PathBuf> = runs.map(|entry| entry.unwrap().path()).collect();
    runs.sort();
    let is_of_default = |run: &PathBuf| {
        let text = fs::read_to_string(run.join("raw/run.toml")).unwrap_or_default();
        text.contains("\n[[study]]\nname = \"rust\"\n")
    };
    runs.into_iter().rfind(is_of_default).unwrap()
}

/// A checkout with a copy of that run for each of these names, which began at these dates.
fn checkout(runs: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    copy(&Path::new(ROOT).join("harness/scenarios"), &root.join("harness/scenarios"));
    copy(&Path::new(ROOT).join("harness/studies"), &root.join("harness/studies"));
    fs::create_dir(root.join("servers")).unwrap();
    fs::copy(Path::new(ROOT).join("servers/servers.toml"), root.join("servers/servers.toml"))
        .unwrap();
    for (name, began) in runs {
        add(root, name, began);
    }
    fs::write(root.join("README.md"), PAGE).unwrap();
    folder
}

/// Writes a run that began then: of the committed one, four servers under one load in each block's first round.
fn add(root: &Path, name: &str, began: &str) {
    static SMALL: OnceLock<Raw> = OnceLock::new();
    let small = SMALL.get_or_init(|| {
        let mut raw = folder::read(&committed()).unwrap();
        raw.run
            .cell
            .retain(|cell| (&*cell.scenario.name, &*cell.load.name) == ("demo", "closed-64"));
        // Two frameworks on two layers, so that what each costs is said.
        raw.run.server.retain(|server| {
            let has = |axis: &str, values: [&str; 2]| values.contains(&server.axes.get(axis));
            server.role == Role::Contender
                && server.twin_of.is_none()
                && has("framework", ["actix", "axum"])
                && has("layer", ["mysql-async", "diesel"])
        });
        let names: Vec<&str> = raw.run.server.iter().map(|server| server.name.as_str()).collect();
        raw.entries.retain(|entry| match entry {
            Entry::Trial(trial) => {
                trial.round == 1
                    && (&*trial.scenario, &*trial.load) == ("demo", "closed-64")
                    && names.contains(&trial.server.as_str())
            }
            other => *other == Entry::Finished,
        });
        raw
    });
    let run = RunFile { began: began.to_owned(), ..small.run.clone() };
    let folder = root.join("results").join(name);
    fs::create_dir_all(root.join("results")).unwrap();
    let mut journal = folder::create(&folder, &run, &small.machine).unwrap();
    small.entries.iter().for_each(|entry| journal.write(entry).unwrap());
}

fn report(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackmark"));
    command.current_dir(folder).arg("report").args(arguments).output().unwrap()
}

#[track_caller]
fn passes(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_first_page_answers_from_the_newest_run_and_a_newer_one_makes_it_stale() {
    let folder = checkout(&[("old", "2026-01-01T00:00:00Z"), ("new", "2026-02-01T00:00:00Z")]);
    let root = folder.path();
    for run in ["results/old", "results/new"] {
        passes(&report(root, &[run]));
    }
    passes(&report(root, &["--splice", "README.md"]));
    let page = fs::read_to_string(root.join("README.md")).unwrap();
    let (answers, table) = page.split_once("\nbetween\n").unwrap();
    assert!(
        answers.contains("\n\n[results/new](results/new/README.md): 2026-02-01, "),
        "{answers}"
    );
    assert!(answers.contains("times the server CPU of `") && !answers.contains("\n|"), "{answers}");
    assert!(
        table.contains("\n| letters") && table.contains("[results/new](results/new/README.md).")
    );
    assert!(!page.contains("results/old"), "{page}");
    passes(&report(root, &["--check"]));

    // What stands there is guarded.
    fs::write(root.join("README.md"), page.replace(" times the server CPU of ", " × ")).unwrap();
    let stale = report(root, &["--check"]);
    let text = String::from_utf8_lossy(&stale.stderr);
    assert!(!stale.status.success() && text.contains("README.md is stale"), "{text}");

    // A newer run takes its place.
    add(root, "newer", "2026-03-01T00:00:00Z");
    passes(&report(root, &["--splice", "README.md"]));
    let page = fs::read_to_string(root.join("README.md")).unwrap();
    assert!(page.contains("results/newer") && !page.contains("results/new/"), "{page}");

    // A run that is named is shown, in the answers too.
    passes(&report(root, &["results/old", "--splice", "README.md"]));
    let page = fs::read_to_string(root.join("README.md")).unwrap();
    assert!(page.contains("results/old/") && !page.contains("results/newer/"), "{page}");
    passes(&report(root, &["--check"]));
}
