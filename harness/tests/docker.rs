//! Whole runs in containers on a real engine, with failures of all kinds. `make test-docker` runs these tests; cargo
//! alone does not, because not every machine has an engine.

#![allow(clippy::unwrap_used)] // A test that cannot set itself up fails, and should.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stackmark::database::counters::Counter;
use stackmark::failure::Stage;
use stackmark::format::folder::{self, Raw};
use stackmark::format::journal::{Entry, Trial};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The tests' own project, so that a run of the same checkout is not disturbed.
const PROJECT: &str = "stackmark-test";
const SERVER: &str = "axum-mysql-async";

/// The lock that allows one run at a time: runs share the project and its lock.
fn alone() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stackmark(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackmark"));
    command
        .current_dir(ROOT)
        .env_remove("DATABASE_URL")
        .env("COMPOSE_PROJECT_NAME", PROJECT)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The command of a short run of one server, in containers.
fn run(server: &str, out: &Path) -> Command {
    let pattern = format!("^{server}$");
    let mut command =
        stackmark(&["run", "--backend", "docker", "--profile", "smoke", "-s", &pattern, "--out"]);
    command.arg(out);
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker is installed");
    assert!(output.status.success(), "docker {arguments:?}: {}", text(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The project's containers, including those that have ended.
fn containers() -> String {
    let filter = format!("label=com.docker.compose.project={PROJECT}");
    docker(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}} {{.Status}}"])
}

fn await_that(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(1800);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn trials(raw: &Raw) -> Vec<&Trial> {
    let trials = raw.entries.iter().filter_map(|entry| match entry {
        Entry::Trial(trial) => Some(trial.as_ref()),
        _ => None,
    });
    trials.collect()
}

/// Starts a run, and waits until it has measured at least once.
fn under_way(out: &Path) -> Child {
    let mut child = run(SERVER, out).spawn().unwrap();
    await_that("a first trial", || {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before");
        let journal = fs::read_to_string(out.join("raw/journal.jsonl")).unwrap_or_default();
        journal.contains("\"entry\":\"trial\"")
    });
    child
}

#[test]
fn a_run_in_containers_is_whole_limited_and_leaves_nothing() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let output = run(SERVER, &out).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(containers(), "", "nothing is left");

    let raw = folder::read(&out).unwrap();
    assert_eq!(raw.entries.last(), Some(&Entry::Finished));
    let containers = raw.run.site.clone().expect("it was in containers");
    assert!(!containers.engine.is_empty() && !containers.compose.is_empty());
    assert_eq!(containers.network, "bridge");
    let image = containers.images.db.as_deref().expect("the database has an image");
    assert!(image.contains(" sha256:"), "{image}");
    let netprobe = containers.netprobe.expect("the network was measured");
    assert!(netprobe.round_trip_p50.0 > 0 && netprobe.bits_per_second > 1e6, "{netprobe:?}");
    for (part, cpus) in raw.run.cpus.sets.iter() {
        let given = containers.given.get(part).as_ref().expect("every part is limited");
        assert_eq!(given.cpus, Some(cpus.count() as f64), "{part}");
        assert_eq!(given.cpuset.replace(',', "+"), cpus.to_string(), "{part}");
        assert!(given.memory_mib.is_some(), "{part}");
    }
    let services = &raw.machine.services;
    assert!(services.keys().eq(["mysql"]), "no other is needed: {services:?}");
    assert!(
        services.values().all(|facts| !facts.external),
        "the database is observed: {services:?}"
    );
    let trials = trials(&raw);
    assert_eq!(trials.len(), 8, "a server and its twin, two cells, two blocks");
    for trial in trials {
        let resources = &trial.measured.resources;
        assert!(
            trial.measured.record.right > 0 && trial.measured.record.failed() == 0,
            "{trial:?}"
        );
        assert!(resources.server.cpu.0 > 0 && resources.load.cpu.0 > 0, "{resources:?}");
        assert!(resources.db.is_some_and(|db| db.cpu.0 > 0), "{resources:?}");
        assert!(resources.server.anonymous_kib > 500, "{resources:?}");
        assert!(resources.server.throttled.is_some(), "a quota holds: {resources:?}");
        let counters = resources.db_counts.expect("the database is ours");
        let queries = counters.get(Counter::Queries);
        assert!(queries >= Some(trial.measured.record.right), "{resources:?}");
    }
    let image = raw.entries.iter().find_map(|entry| match entry {
        Entry::Verified { image, .. } => image.clone(),
        _ => None,
    });
    assert!(image.is_some_and(|image| image.starts_with("sha256:")));
    let page = fs::read_to_string(out.join("README.md")).unwrap();
    assert_eq!(containers.scaled, page.contains("**Scaled"), "{page}");
}

#[test]
fn servers_of_two_databases_are_measured_each_with_its_own() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let both = ["--study", "databases", "-s", "^axum-sqlx(-postgres)?$", "-c", "^(demo|insert)$"];
    let run = ["run", "--backend", "docker", "--profile", "smoke", "--out", out.to_str().unwrap()];
    let output = stackmark(&[&run[..], &both].concat()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(containers(), "", "nothing is left");

    let raw = folder::read(&out).unwrap();
    assert_eq!(raw.entries.last(), Some(&Entry::Finished));
    let services = &raw.machine.services;
    assert!(services.keys().eq(["mysql", "postgres"]), "{services:?}");
    assert!(services.values().all(|facts| !facts.external), "both are observed: {services:?}");
    let settings = &services["postgres"].settings;
    assert_eq!(settings["time_zone"], "UTC", "{settings:?}");
    assert_eq!(settings["synchronous_commit"], "off", "those of db/config: {settings:?}");
    let site = raw.run.site.clone().expect("it was in containers");
    let images = site.images.db.expect("the databases have images");
    assert_eq!(images.matches(" sha256:").count(), 2, "{images}");
    let trials = trials(&raw);
    for server in ["axum-sqlx", "axum-sqlx-postgres"] {
        let own: Vec<_> = trials.iter().filter(|trial| trial.server == server).collect();
        assert_eq!(own.len(), 4, "{server}: two cells, two blocks");
        for trial in own {
            let (record, resources) = (&trial.measured.record, &trial.measured.resources);
            assert!(record.right > 0 && record.failed() == 0, "{trial:?}");
            assert!(resources.db.is_some_and(|db| db.cpu.0 > 0), "{resources:?}");
            let counters = resources.db_counts.expect("the database is ours");
            // An insertion is read back.
            assert!(counters.get(Counter::Queries) >= Some(record.right), "{resources:?}");
        }
    }
}

#[test]
fn a_run_that_is_stopped_takes_everything_down_and_goes_on() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let child = under_way(&out);
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output));
    assert_eq!(containers(), "", "nothing is left");
    assert_eq!(folder::read(&out).unwrap().entries.last(), Some(&Entry::Interrupted));

    let resumed = stackmark(&["run", "--resume", out.to_str().unwrap()]).output().unwrap();
    assert!(resumed.status.success(), "{}", text(&resumed));
    let raw = folder::read(&out).unwrap();
    assert_eq!(raw.entries.last(), Some(&Entry::Finished));
    assert_eq!(trials(&raw).len(), 8, "each trial once");
}

#[test]
fn a_run_that_is_killed_takes_everything_down_too() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut child = under_way(&folder.path().join("run"));
    assert_ne!(containers(), "");
    child.kill().unwrap();
    child.wait().unwrap();
    await_that("the containers to go", || containers().is_empty());
}

#[test]
fn a_server_that_needs_more_memory_than_its_limit_is_a_row_that_says_so() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    // The limit is enough to start, but less than this server's threads need for 32 connections.
    let limits = [("SERVER_MEMORY", "48m"), ("DB_MEMORY", "2g"), ("LOAD_MEMORY", "1g")];
    let output = run("axum-diesel", &out).envs(limits).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let raw = folder::read(&out).unwrap();
    let failures: Vec<_> = raw
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Failure(failure) => Some(failure),
            _ => None,
        })
        .collect();
    let has = |stage| {
        failures.iter().any(|failure| {
            failure.stage == stage && failure.reason.contains("more memory than its limit, 48 MiB")
        })
    };
    assert!(has(Stage::Start) || has(Stage::Verify) || has(Stage::Trial), "{failures:?}");
    let page = fs::read_to_string(out.join("README.md")).unwrap();
    assert!(page.contains("more memory than its limit"), "{page}");
    assert_eq!(containers(), "");
}

#[test]
fn what_is_missing_is_said_in_one_sentence() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let refused = |command: &mut Command, says: &str| {
        let output = command.output().unwrap();
        let text = text(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        let last = text.lines().last().unwrap_or_default();
        assert!(last.contains(says), "{text}");
        assert!(!out.exists(), "it leaves no folder");
        assert_eq!(containers(), "", "{says}");
    };
    refused(
        run(SERVER, &out).env("DOCKER_HOST", "unix:///nowhere/docker.sock"),
        "no Docker engine answers",
    );
    refused(run(SERVER, &out).env("PATH", "/nowhere"), "docker is not installed");
    refused(
        run(SERVER, &out).env("MYSQL_IMAGE", "stackmark/no-such-image:1"),
        "an image is missing",
    );

    // A docker without compose, like Debian's package by itself.
    let real = docker(&["version", "--format", "{{.Client.Version}}"]);
    assert!(!real.is_empty());
    let which = Command::new("sh").args(["-c", "command -v docker"]).output().unwrap();
    let which = String::from_utf8_lossy(&which.stdout).trim().to_owned();
    let bare = folder.path().join("docker");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = compose ] && {{ echo \"docker: 'compose' is not a docker command.\" >&2; exit 1; }}\nexec {which} \"$@\"\n"
    );
    fs::write(&bare, script).unwrap();
    fs::set_permissions(&bare, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    refused(run(SERVER, &out).env("PATH", path), "no compose v2");

    // Another owner's project of the same name.
    let project = format!("com.docker.compose.project={PROJECT}");
    let elsewhere = "com.docker.compose.project.working_dir=/elsewhere";
    let compose = format!("{ROOT}/compose.yaml");
    let base = docker(&["compose", "--file", &compose, "config", "--images", "mysql"]);
    let theirs = docker(&["create", "--label", &project, "--label", elsewhere, &base, "true"]);
    let output = run(SERVER, &out).output().unwrap();
    docker(&["rm", "--volumes", &theirs]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("is that of /elsewhere"), "{}", text(&output));
    assert!(!out.exists());
}

/// `docker compose up` works in a fresh clone whose results folder belongs to another user.
#[test]
fn compose_up_in_a_fresh_clone_ends_with_a_table() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("clone");
    let cloned = Command::new("git").args(["clone", "--quiet", ROOT]).arg(&clone).status().unwrap();
    assert!(cloned.success());
    let results = clone.join("results");
    // Only root can give the folder away; otherwise it belongs to this user.
    let _ = Command::new("chown").args(["--recursive", "12345:12345"]).arg(&results).status();
    let owner = fs::metadata(&results).unwrap().uid();
    let compose = |arguments: &[&str]| {
        let mut command = Command::new("docker");
        command.current_dir(&clone).args(["compose", "--project-name", "stackmark-test-up"]);
        command.args(arguments).env("PROFILE", "smoke").output().unwrap()
    };
    let up = compose(&["up", "--abort-on-container-exit"]);
    let down = compose(&["down", "--volumes", "--timeout", "6"]);
    let said = String::from_utf8_lossy(&up.stdout);
    assert!(up.status.success(), "{said}\n{}", text(&up));
    assert!(down.status.success(), "{}", text(&down));
    assert!(said.contains("server CPU µs/req") && said.contains(SERVER), "a table: {said}");
    assert!(text(&up).contains("stay so after the run"), "{}", text(&up));

    let known = |name: &str| Path::new(ROOT).join("results").join(name).exists();
    let found = fs::read_dir(clone.join("results")).unwrap().map(|entry| entry.unwrap());
    let new: Vec<_> = found
        .filter(|entry| entry.path().is_dir() && !known(&entry.file_name().to_string_lossy()))
        .collect();
    assert_eq!(new.len(), 1, "{new:?}");
    assert_eq!(new[0].metadata().unwrap().uid(), owner);
    let raw = folder::read(&new[0].path()).unwrap();
    assert_eq!(raw.entries.last(), Some(&Entry::Finished));
    assert!(raw.run.site.expect("it was in containers").side_by_side);
    let services = &raw.machine.services;
    assert!(services["mysql"].version.starts_with("9."), "{services:?}");
}
