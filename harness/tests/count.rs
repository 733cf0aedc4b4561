//! `stackmark count` with a real server under a real valgrind. It needs both, as `make test` provides them.

#![allow(clippy::unwrap_used)] // A test that cannot set itself up fails, and should.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

const STUDY: &str = r#"
question = "Which is best?"
default = true
[servers]
axes = { language = ["rust"] }
[[cells]]
scenarios = ["demo"]
loads = ["closed-64"]
"#;

/// Makes `folder` a checkout whose servers are built already: one that needs no service, and one that is a script.
fn check_out(folder: &Path) {
    for name in ["scenarios.toml", "loads.toml", "profiles.toml"] {
        let file = Path::new("harness/scenarios").join(name);
        fs::create_dir_all(folder.join("harness/scenarios")).unwrap();
        fs::copy(Path::new(ROOT).join(&file), folder.join(&file)).unwrap();
    }
    fs::create_dir_all(folder.join("harness/studies")).unwrap();
    fs::write(folder.join("harness/studies/rust.toml"), STUDY).unwrap();
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| format!("{ROOT}/target"));
    let binary = Path::new(&target).join("release/null");
    assert!(binary.is_file(), "no server is built: run `make test`, or `make servers` before it");
    let script = folder.join("script");
    fs::write(&script, "#!/bin/sh\necho script 1\n").unwrap();
    let entry = |name: &str, run: &Path| {
        format!(
            r#"
            [[server]]
            name = "{name}"
            role = "contender"
            axes = {{ language = "rust", framework = "none", layer = "none", driver = "none", runtime = "tokio", database = "none" }}
            answers = ["demo", "idle"]
            needs = []
            dockerfile = "d"
            build = [["true"]]
            version = ["sh", "-c", "echo {name} 1"]
            run = ["{}"]
            "#,
            run.display()
        )
    };
    fs::create_dir_all(folder.join("servers")).unwrap();
    let entries = entry("null", &binary) + &entry("script", &script);
    fs::write(folder.join("servers/servers.toml"), entries).unwrap();
}

fn count(checkout: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackmark"));
    command.current_dir(checkout).args(["count", "--format", "json"]);
    command
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn two_counts_agree_and_what_is_no_binary_is_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    check_out(folder.path());
    let counted = || {
        let output = count(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", error(&output));
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let not = &json["raw"]["not_counted"][0];
        assert_eq!(not["server"], "script");
        assert!(not["reason"].as_str().unwrap().contains("is no binary of its own"), "{not}");
        let figure = &json["figures"][0];
        assert_eq!((&figure["server"], &figure["scenario"]), (&"null".into(), &"demo".into()));
        assert_eq!(figure["settled"], true);
        let mean = |name: &str| figure[name]["mean"].as_f64().unwrap();
        (mean("instructions_per_req"), mean("allocations_per_req"))
    };
    let (first, second) = (counted(), counted());
    assert!((first.0 / second.0 - 1.0).abs() < 0.01, "{first:?}, {second:?}");
    // Parsing a request and writing an answer takes thousands of instructions, and not millions.
    assert!((1e3..1e6).contains(&first.0), "{first:?}");
    assert!(first.1 > 0.5, "an answer needs some memory: {first:?}");
}

#[test]
fn without_valgrind_one_sentence_says_how_to_get_it() {
    let output = count(Path::new(ROOT)).env("PATH", "/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = error(&output);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.trim_end().ends_with("is missing: run `apt-get install valgrind`"), "{said}");
}
