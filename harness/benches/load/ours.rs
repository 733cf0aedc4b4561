//! Stackmark's own load, in a process of its own, spoken to as the harness does.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use stackmark::definition::scenario::Asks;
use stackmark::definition::warmup::Warmup;
use stackmark::load::protocol::{Event, Go};
use stackmark::load::spec::{SLICE, Shard};
use stackmark::load::{LoadRecord, LoadSpec, Pace};
use stackmark::os::process;
use stackmark::units::{Moment, Nanos};

use crate::peer::{CpuTime, Outcome};
use crate::server::load_cpu;

/// What a load is asked to do here: everything is recorded, checked and accounted for.
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
        asks: Asks::RandomName,
        has_rows: true,
        users,
        pace,
        shard: Shard { index: 0, count: 1 },
        warmup: Warmup::fixed(Nanos(warmup * 1_000_000)),
        window: Nanos(window * 1_000_000),
        timeout: Nanos(5_000_000_000),
        seed: 1,
        slice: SLICE,
    }
}

/// A closed load, as its peers do it.
pub(crate) fn closed(address: SocketAddr, users: u32, seconds: u32, slice: Nanos) -> Outcome {
    let mut spec = spec(address, users, Pace::Closed, 0, u64::from(seconds) * 1_000);
    spec.slice = slice;
    let (record, cpu) = run(&spec, |_, _| {});
    assert_eq!(record.sent, record.right, "{:?}", record.errors);
    Outcome::new(record.right as f64, record.window.as_secs(), cpu)
}

/// Runs it; `at_start` is told when its warm-up begins, and its process. The CPU time is that from its being ready to its
/// record, and so without the time that the rows' truth takes to compute.
pub(crate) fn run(spec: &LoadSpec, at_start: impl FnOnce(Moment, u32)) -> (LoadRecord, CpuTime) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackmark"));
    command.args(["load", "--spec"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = process::spawn_tied(&mut command, Some(&load_cpu()), Signal::SIGKILL).unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{}", serde_json::to_string(spec).unwrap()).unwrap();
    let mut before = CpuTime::default();
    let mut at_start = Some(at_start);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        match serde_json::from_str(&line.unwrap()).unwrap() {
            Event::Ready => {
                before = CpuTime::of(child.id());
                let start = Moment::now() + Nanos(30_000_000);
                writeln!(input, "{}", serde_json::to_string(&Go { start }).unwrap()).unwrap();
                at_start.take().unwrap()(start, child.id());
            }
            Event::WarmingUp { .. } | Event::WindowStart | Event::WindowEnd => {}
            Event::Record(record) => {
                let used = CpuTime::of(child.id()).since(&before);
                child.wait().unwrap();
                return (*record, used);
            }
            Event::Failed { reason } => panic!("{reason}"),
        }
    }
    panic!("the load ended without a record")
}
