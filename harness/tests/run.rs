//! Whole runs with the real database: stopped, killed, and two at once. They need DATABASE_URL and built servers, as
//! `make test` provides them.

#![allow(clippy::unwrap_used)] // A test that cannot set itself up fails, and should.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stackmark::format::folder;
use stackmark::format::journal::Entry;
use stackmark::os::process::is_running;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn stackmark(arguments: &[&str]) -> Command {
    assert!(
        std::env::var_os("DATABASE_URL").is_some(),
        "no DATABASE_URL: run `make test`, or `stackmark db exec -- cargo test`"
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackmark"));
    command.current_dir(ROOT).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn begin(out: &Path) -> Child {
    let mut command =
        stackmark(&["run", "--profile", "smoke", "--rounds", "2", "-s", "^null$", "--out"]);
    command.arg(out).spawn().expect("the harness was built with its tests")
}

fn await_that(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn trials(out: &Path) -> usize {
    let entries = folder::read(out).map(|raw| raw.entries).unwrap_or_default();
    entries.iter().filter(|entry| matches!(entry, Entry::Trial(_))).count()
}

/// Every process that descends from `pid`.
fn descendants(pid: u32) -> Vec<u32> {
    stackmark::observe::processes::tree(pid).split_off(1)
}

#[test]
fn a_run_can_be_stopped_killed_and_not_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let out = |name: &str| -> PathBuf { folder.path().join(name) };

    let stopped = out("stopped");
    let first = begin(&stopped);
    await_that("a first trial", || trials(&stopped) > 0);

    let second = begin(&out("second")).wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(2), "{text}");
    assert!(text.contains(stopped.to_str().unwrap()), "it names the first: {text}");
    assert!(!out("second").exists(), "it leaves no folder");

    let children = descendants(first.id());
    assert!(!children.is_empty());
    kill(Pid::from_raw(first.id() as i32), Signal::SIGINT).unwrap();
    let output = first.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(children.iter().all(|pid| !is_running(*pid)), "nothing is left running");
    let raw = folder::read(&stopped).unwrap();
    assert_eq!(raw.entries.last(), Some(&Entry::Interrupted));
    let check = stackmark(&["report", "--check", stopped.to_str().unwrap()]).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));

    let again = begin(&stopped).wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&again.stderr);
    assert_eq!(again.status.code(), Some(2), "{text}");
    assert!(text.contains("choose another --out"), "{text}");

    let killed = out("killed");
    let mut third = begin(&killed);
    await_that("a first trial", || trials(&killed) > 0);
    let children = descendants(third.id());
    third.kill().unwrap();
    assert_eq!(third.wait().unwrap().signal(), Some(9));
    await_that("its children to end with it", || children.iter().all(|pid| !is_running(*pid)));
    let report = stackmark(&["report", killed.to_str().unwrap()]).output().unwrap();
    assert!(report.status.success(), "what was journalled is a valid run");
    let page = fs::read_to_string(killed.join("README.md")).unwrap();
    assert!(page.contains("Stopped in block 1 of 2."), "{page}");
    resumed(&killed);
    done_again(&killed, &out("again"));
}

/// Checks that the run at `killed` resumes after an incomplete line, but not on another machine, and ends only once.
fn resumed(killed: &Path) {
    let journal = killed.join("raw/journal.jsonl");
    let before = trials(killed);
    let mut torn = fs::read(&journal).unwrap();
    torn.extend_from_slice(br#"{"entry":"trial","block":1,"serv"#);
    fs::write(&journal, torn).unwrap();
    let resume = || stackmark(&["run", "--resume", killed.to_str().unwrap()]).output().unwrap();

    let machine = killed.join("raw/machine.toml");
    let known = fs::read_to_string(&machine).unwrap();
    let other = known.replacen("kernel = \"", "kernel = \"another ", 1);
    assert_ne!(known, other);
    fs::write(&machine, other).unwrap();
    let refused = resume();
    let text = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{text}");
    assert!(text.contains("kernel (another "), "{text}");
    fs::write(&machine, known).unwrap();

    let output = resume();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let raw = folder::read(killed).unwrap();
    assert_eq!(raw.entries.last(), Some(&Entry::Finished));
    assert_eq!(raw.entries.iter().filter(|e| matches!(e, Entry::Resumed { .. })).count(), 1);
    let mut all = order(&raw);
    assert!(all.len() > before, "something was left to do");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), trials(killed), "nothing was measured twice");
    assert_eq!(all.len(), 8, "two cells in two rounds of two blocks");

    let whole = resume();
    assert_eq!(whole.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&whole.stderr).contains("nothing to resume"));
}

/// Checks that `run --like` measures the same servers and cells with the same seed and order.
fn done_again(first: &Path, out: &Path) {
    let mut command = stackmark(&["run", "--like", first.to_str().unwrap(), "--out"]);
    let output = command.arg(out).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (first, again) = (folder::read(first).unwrap(), folder::read(out).unwrap());
    assert_eq!(first.run.seed, again.run.seed);
    assert_eq!((&first.run.server, &first.run.cell), (&again.run.server, &again.run.cell));
    assert_eq!(order(&first), order(&again));
}

/// The block, round and load of each trial, in the order in which they were made.
fn order(raw: &folder::Raw) -> Vec<(u32, u32, String)> {
    let trials = raw.entries.iter().filter_map(|entry| match entry {
        Entry::Trial(trial) => Some((trial.block, trial.round, trial.load.clone())),
        _ => None,
    });
    trials.collect()
}
