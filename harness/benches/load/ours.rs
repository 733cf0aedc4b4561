//! Stackmark's own load, in a process of its own, driven as the harness does.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use stackmark::definition::warmup::Warmup;
use stackmark::load::protocol::{self, Event};
use stackmark::load::spec::{Shard, TRANSACTION};
use stackmark::load::timer::Waiting;
use stackmark::load::{LoadRecord, LoadSpec, Pace};
use stackmark::os::process;
use stackmark::units::{Moment, Nanos};
use stackmark::workload;

use crate::peer::{CpuTime, Outcome};
use crate::server::load_cpu;

/// The specification of a load that records, checks and accounts for everything.
pub(crate) fn spec(
    address: SocketAddr,
    users: u32,
    pace: Pace,
    warmup: u64,
    window: u64,
) -> LoadSpec {
    LoadSpec {
        address,
        path: "/demo".into(),
        asks: workload::Kind::RandomName,
        has_rows: true,
        users,
        pace,
        shard: Shard { index: 0, count: 1 },
        warmup: Warmup::fixed(Nanos(warmup * 1_000_000)),
        window: Nanos(window * 1_000_000),
        timeout: Nanos(5_000_000_000),
        seed: 1,
        waiting: Waiting::Sleeps,
        slice: TRANSACTION,
    }
}

/// The harness of this build.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_stackmark"))
}

/// A closed load of so many seconds, whose transactions last for `slice`.
pub(crate) fn closed_spec(address: SocketAddr, users: u32, seconds: u32, slice: Nanos) -> LoadSpec {
    let spec = spec(address, users, Pace::Closed, 0, u64::from(seconds) * 1_000);
    LoadSpec { slice, ..spec }
}

/// Runs a load of `program`, all of whose answers must be right.
pub(crate) fn closed(program: &Path, spec: &LoadSpec) -> Outcome {
    let (record, cpu) = run_by(program, spec, |_, _| {});
    assert_eq!(record.sent, record.right, "{:?}", record.errors);
    Outcome::new(record.right as f64, record.window.as_secs(), cpu)
}

/// Runs a load of this build: see [`run_by`].
pub(crate) fn run(spec: &LoadSpec, at_start: impl FnOnce(Moment, u32)) -> (LoadRecord, CpuTime) {
    run_by(program(), spec, at_start)
}

/// Runs a load of `program`. `at_start` receives the moment at which its warm-up begins, and its process. The CPU time is that
/// from its being ready to its record, and so without the time that the right answers take to compute.
fn run_by(
    program: &Path,
    spec: &LoadSpec,
    at_start: impl FnOnce(Moment, u32),
) -> (LoadRecord, CpuTime) {
    let mut command = Command::new(program);
    command.args(["load", "--spec"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = process::spawn_tied(&mut command, Some(&load_cpu()), Signal::SIGKILL).unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut say = |command: &protocol::Command| {
        writeln!(input, "{}", serde_json::to_string(command).unwrap()).unwrap();
    };
    say(&protocol::Command::SetUp(Box::new(spec.clone())));
    let mut before = CpuTime::default();
    let mut at_start = Some(at_start);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // Another program may say more than this one knows.
        let Ok(event) = serde_json::from_str(&line.unwrap()) else { continue };
        match event {
            Event::Ready => {
                before = CpuTime::of(child.id());
                let start = Moment::now() + Nanos(30_000_000);
                say(&protocol::Command::Go { start });
                at_start.take().unwrap()(start, child.id());
            }
            Event::WarmingUp { .. } | Event::Window { .. } => {}
            Event::Record(record) => {
                let used = CpuTime::of(child.id()).since(&before);
                // Its input ends, and with it the process.
                drop(input);
                child.wait().unwrap();
                return (*record, used);
            }
            Event::Failed { reason } => panic!("{reason}"),
        }
    }
    panic!("the load ended without a record")
}
