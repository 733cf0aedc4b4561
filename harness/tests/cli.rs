//! Bad input: one sentence that names the mend, exit status 2, nothing written.

#![allow(clippy::unwrap_used)] // A test that cannot set itself up fails, and should.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn stackmark(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stackmark"))
        .current_dir(folder)
        .env_remove("DATABASE_URL")
        .args(arguments)
        .output()
        .unwrap()
}

/// Exit status 2, nothing on standard output, and one line that says `words`.
#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(output.stdout.is_empty());
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is missing: {text}");
    }
}

/// A checkout with the definitions only.
fn checkout(change: impl Fn(&Path, String) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        "servers/servers.toml",
        "harness/scenarios/scenarios.toml",
        "harness/scenarios/loads.toml",
        "harness/scenarios/profiles.toml",
    ] {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
        fs::write(&path, change(Path::new(file), text)).unwrap();
    }
    folder
}

#[test]
fn an_unknown_name_is_told_with_those_that_exist() {
    let root = Path::new(ROOT);
    refused(
        &stackmark(root, &["list", "-s", "no-such"]),
        &["no server matches \"no-such\"", "null"],
    );
    refused(&stackmark(root, &["run", "--plan", "-s", "no-such"]), &["no server matches"]);
    refused(
        &stackmark(root, &["run", "--plan", "-l", "no-such"]),
        &["no load matches", "closed-64"],
    );
    refused(&stackmark(root, &["run", "--profile", "hasty"]), &["no profile \"hasty\"", "quick"]);
    refused(
        &stackmark(root, &["load", "http://127.0.0.1:1/", "--scenario", "x"]),
        &["no scenario \"x\"", "demo"],
    );
}

#[test]
fn broken_toml_is_told_with_its_file_and_line() {
    let registry = checkout(|file, text| {
        if file.ends_with("servers.toml") { text.replacen("role = ", "rule = ", 1) } else { text }
    });
    let lines = fs::read_to_string(registry.path().join("servers/servers.toml")).unwrap();
    let line = 1 + lines.lines().position(|line| line.starts_with("rule")).unwrap();
    let place = format!("servers/servers.toml:{line}:");
    refused(&stackmark(registry.path(), &["list"]), &[&place, "rule"]);

    let loads = checkout(|file, text| {
        if file.ends_with("loads.toml") {
            text.replacen("users = 64", "users = 0", 1)
        } else {
            text
        }
    });
    refused(&stackmark(loads.path(), &["run", "--plan"]), &["loads.toml", "0 users ask nothing"]);
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    let root = Path::new(ROOT);
    let load = |arguments: &[&str]| {
        stackmark(root, &[&["load", "http://127.0.0.1:9/"], arguments].concat())
    };
    refused(&load(&["--users", "0"]), &["0 users", "--users"]);
    refused(&load(&["--rate", "0"]), &["rate of 0", "--rate"]);
    refused(&load(&["--window", "0s"]), &["window", "--window"]);
    refused(&stackmark(root, &["load", "127.0.0.1:80"]), &["not a URL", "http://"]);
    refused(
        &stackmark(root, &["run", "--cpus", "server=0"]),
        &["does not place", "server=0,db=1,load=1"],
    );
    refused(&stackmark(root, &["run", "--cpus", "server=900,db=0,load=0"]), &["CPU 900 of server"]);
}

#[test]
fn a_place_without_a_checkout_or_a_run_is_told() {
    let nowhere = tempfile::tempdir().unwrap();
    refused(&stackmark(nowhere.path(), &["list"]), &["inside its checkout"]);
    let empty = checkout(|_, text| text);
    refused(&stackmark(empty.path(), &["rank"]), &["holds no run yet", "stackmark run"]);
    refused(&stackmark(empty.path(), &["report", "results"]), &["holds no run yet"]);
}

#[test]
fn a_wrong_database_url_is_told_without_its_password() {
    let run = |url: &str| {
        Command::new(env!("CARGO_BIN_EXE_stackmark"))
            .current_dir(ROOT)
            .env("DATABASE_URL", url)
            .args(["db", "seed"])
            .output()
            .unwrap()
    };
    for url in ["mysql://u:s3cret@127.0.0.1:1/x", "postgres://u:s3cret@127.0.0.1/x", "s3cret"] {
        let output = run(url);
        refused(&output, &["DATABASE_URL"]);
        assert!(!String::from_utf8_lossy(&output.stderr).contains("s3cret"), "{url}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let command = ["-c", "\"$0\" list | head -1", env!("CARGO_BIN_EXE_stackmark")];
    let output = Command::new("sh").current_dir(ROOT).args(command).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
