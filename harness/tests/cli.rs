//! Invalid input: the program prints one sentence that says what to do, exits with status 2, and writes nothing.

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

/// Checks that the exit status is 2, standard output is empty, and standard error is one line with all `words`.
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

/// Creates a checkout that holds only definitions.
fn checkout(change: impl Fn(&Path, String) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        "servers/servers.toml",
        "harness/scenarios/scenarios.toml",
        "harness/scenarios/loads.toml",
        "harness/scenarios/profiles.toml",
        "harness/studies/rust.toml",
    ] {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
        fs::write(&path, change(Path::new(file), text)).unwrap();
    }
    folder
}

#[test]
fn an_unknown_name_is_refused_with_the_names_that_exist() {
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
    refused(&stackmark(root, &["run", "--study", "cobol"]), &["no study \"cobol\"", "rust"]);
    refused(
        &stackmark(root, &["load", "http://127.0.0.1:1/", "--scenario", "x"]),
        &["no scenario \"x\"", "demo"],
    );
}

#[test]
fn malformed_toml_is_refused_with_its_file_and_line() {
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

    let study = checkout(|file, text| {
        if file.ends_with("rust.toml") { text.replacen("closed-64", "closed-46", 1) } else { text }
    });
    refused(
        &stackmark(study.path(), &["run", "--plan"]),
        &["harness/studies/rust.toml", "no load \"closed-46\"", "closed-64"],
    );
}

#[test]
fn a_plan_has_the_cells_that_its_study_has_in_its_profile() {
    let cells = |profile: &str, more: &[&str]| {
        let arguments = ["run", "--plan", "--seed", "1", "--profile", profile];
        let output = stackmark(Path::new(ROOT), &[&arguments, more].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // Block 1 and its first round, then a line for each cell with all its servers.
        let round = text.lines().skip_while(|line| *line != "  round 1").skip(1);
        let of_round = round.map_while(|line| line.strip_prefix("    ")?.split_once(": "));
        let has_server = |servers: &str| servers.split(", ").any(|server| server == "axum-diesel");
        let cells = of_round.filter(|(_, servers)| has_server(servers));
        let mut cells: Vec<_> = cells.map(|(cell, _)| cell.to_owned()).collect();
        cells.sort();
        cells
    };
    let (closed, common) = ("demo × closed-64", "demo × open-common");
    for profile in ["smoke", "quick"] {
        assert_eq!(cells(profile, &[]), [closed, common]);
    }
    let ladder = ["10", "1000", "4000", "common", "near-capacity"];
    let ladder = ladder.map(|rate| format!("demo × open-{rate}"));
    let mut all = vec![closed.to_owned()];
    all.extend(ladder);
    all.extend(["demo-name", "idle"].map(|scenario| format!("{scenario} × closed-64")));
    assert_eq!(cells("standard", &["--study", "rust"]), all);
    assert_eq!(cells("paper", &[]), [closed, "demo × open-10", "demo × open-4000"]);
}

#[test]
fn invalid_numbers_are_refused() {
    let root = Path::new(ROOT);
    let load = |arguments: &[&str]| {
        stackmark(root, &[&["load", "http://127.0.0.1:9/"], arguments].concat())
    };
    refused(&load(&["--users", "0"]), &["needs users", "--users"]);
    refused(&load(&["--rate", "0"]), &["0 is not a rate", "--rate"]);
    refused(&load(&["--window", "0s"]), &["window", "--window"]);
    refused(&stackmark(root, &["load", "127.0.0.1:80"]), &["not a valid URL", "http://"]);
    refused(
        &stackmark(root, &["run", "--cpus", "server=0"]),
        &["does not place", "server=0,db=1,load=1"],
    );
    refused(&stackmark(root, &["run", "--cpus", "server=900,db=0,load=0"]), &["CPU 900 of server"]);
}

#[test]
fn a_backend_refuses_the_options_of_others_and_misses_its_own() {
    let root = Path::new(ROOT);
    let at = ["--at", "{name}:8080"];
    for verb in ["build", "verify", "run"] {
        let with = |more: &[&str]| stackmark(root, &[&[verb, "-s", "^null$"], more].concat());
        refused(&with(&at), &["--at is for servers", "--backend attached"]);
        refused(&with(&["--backend", "attached"]), &["--at '{name}:8080'"]);
        let same_for_all = ["--backend", "attached", "--at", "127.0.0.1:8080"];
        refused(&with(&same_for_all), &["with {name} for a server's name"]);
    }
    refused(&stackmark(root, &["run", "--network", "host"]), &["add --backend docker"]);
    refused(&stackmark(root, &["run", "--no-quota"]), &["add --backend docker"]);
    let cpus = ["--cpus", "server=0,db=0,load=0"];
    let placed = [&["run", "--backend", "attached"][..], &at, &cpus].concat();
    refused(&stackmark(root, &placed), &["--cpus places what stackmark starts"]);
}

#[test]
fn a_folder_without_a_checkout_or_a_run_is_refused() {
    let nowhere = tempfile::tempdir().unwrap();
    refused(&stackmark(nowhere.path(), &["list"]), &["inside its checkout"]);
    let empty = checkout(|_, text| text);
    refused(&stackmark(empty.path(), &["rank"]), &["holds no run yet", "stackmark run"]);
    refused(&stackmark(empty.path(), &["report", "results"]), &["holds no run yet"]);
    refused(&stackmark(empty.path(), &["cmp", "results", "results"]), &["holds no run yet"]);
}

/// Copies a committed run with a changed machine, settings or journal.
fn copy_of_a_run(change: impl Fn(&str, String) -> String) -> tempfile::TempDir {
    let results = Path::new(ROOT).join("results");
    let mut runs: Vec<_> = fs::read_dir(results)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("raw"))
        .filter(|raw| raw.is_dir())
        .collect();
    runs.sort();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("raw")).unwrap();
    for file in ["run.toml", "machine.toml", "journal.jsonl"] {
        let text = fs::read_to_string(runs[0].join(file)).unwrap();
        fs::write(folder.path().join("raw").join(file), change(file, text)).unwrap();
    }
    folder
}

#[test]
fn runs_with_different_settings_are_compared_only_by_force() {
    let a = copy_of_a_run(|_, text| text);
    let b = copy_of_a_run(|file, text| match file {
        "run.toml" => text.replace("pool_size = 32", "pool_size = 16"),
        _ => text,
    });
    let cmp = |more: &[&str]| {
        let folders = [a.path(), b.path()].map(|folder| folder.to_str().unwrap());
        stackmark(Path::new(ROOT), &[&["cmp", folders[0], folders[1]], more].concat())
    };
    refused(&cmp(&[]), &["database connections (32, 16)", "--force"]);
    let forced = cmp(&["--force", "--fail-on", "difference"]);
    let (out, err) =
        (String::from_utf8_lossy(&forced.stdout), String::from_utf8_lossy(&forced.stderr));
    assert_eq!(forced.status.code(), Some(0), "{out}{err}");
    assert!(err.contains("database connections (32, 16)"), "{err}");
    assert!(out.contains("0 different"), "{out}");
    refused(&cmp(&["--force", "-s", "no-such"]), &["no server matches \"no-such\""]);
}

#[test]
fn a_server_without_figures_is_no_baseline_and_is_not_compared() {
    let is_trial = |line: &&str| line.contains("\"trial\"");
    let without = |is_lost: &dyn Fn(&str) -> bool| {
        copy_of_a_run(|file, text| {
            if file != "journal.jsonl" {
                return text;
            }
            let kept = text.lines().filter(|line| !(is_trial(line) && is_lost(line)));
            kept.map(|line| line.to_owned() + "\n").collect()
        })
    };
    let without_null = without(&|line| line.contains("\"null\""));
    let run = without_null.path().to_str().unwrap();
    refused(
        &stackmark(Path::new(ROOT), &["rank", run, "--baseline", "null"]),
        &["\"null\" has no figures, so it cannot be the baseline; choose another"],
    );
    let empty = without(&|_| true);
    let run = empty.path().to_str().unwrap();
    refused(
        &stackmark(Path::new(ROOT), &["cmp", run, run]),
        &["no figure in common", "stackmark rank"],
    );
}

#[test]
fn fail_on_sets_the_exit_status_for_what_it_names() {
    let a = copy_of_a_run(|_, text| text);
    // The second run lacks a server's trials.
    let b = copy_of_a_run(|file, text| {
        if file != "journal.jsonl" {
            return text;
        }
        let is_lost = |line: &&str| line.contains("\"trial\"") && line.contains("\"null\"");
        let kept = text.lines().filter(|line| !is_lost(line));
        kept.map(|line| line.to_owned() + "\n").collect()
    });
    let cmp = |from: &tempfile::TempDir, to: &tempfile::TempDir, fail_on: &str| {
        let folders = [from, to].map(|folder| folder.path().to_str().unwrap());
        let arguments = ["cmp", folders[0], folders[1], "-s", "^null$", "--fail-on", fail_on];
        let output = stackmark(Path::new(ROOT), &arguments);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, text) = cmp(&a, &b, "regression");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("only in A"), "{text}");
    assert_eq!(cmp(&b, &a, "regression").0, Some(0));
    assert_eq!(cmp(&b, &a, "difference").0, Some(1));
    assert_eq!(cmp(&a, &a, "difference").0, Some(0));
}

#[test]
fn a_wrong_database_url_is_refused_without_showing_its_password() {
    let run = |url: &str| {
        Command::new(env!("CARGO_BIN_EXE_stackmark"))
            .current_dir(ROOT)
            .env("DATABASE_URL", url)
            .args(["db", "seed"])
            .output()
            .unwrap()
    };
    for url in ["mysql://u:s3cret@127.0.0.1:1/x", "postgres://u:s3cret@127.0.0.1:1/x", "s3cret"] {
        let output = run(url);
        refused(&output, &["DATABASE_URL"]);
        assert!(!String::from_utf8_lossy(&output.stderr).contains("s3cret"), "{url}");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    // A long run's plan does not fit in a pipe.
    for verb in ["list", "run --plan --blocks 2000"] {
        let command = format!("\"$0\" {verb} | head -1");
        let command = ["-c", &command, env!("CARGO_BIN_EXE_stackmark")];
        let output = Command::new("sh").current_dir(ROOT).args(command).output().unwrap();
        assert!(output.stderr.is_empty(), "{verb}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
