//! A profile of the load's CPU time: samples of its process, by system call inside the kernel and by crate outside.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use stackmark::load::Pace;

use crate::closed::USERS;
use crate::sample::{Frame, PARTS, Part};
use crate::{ours, server};

const SECONDS: u64 = 6;
/// Samples per second: not a divisor of the runtime's or the kernel's own periods.
const FREQUENCY: &str = "2999";

pub(crate) fn measure() {
    println!("\n## Where the load's CPU time goes, closed, {USERS} connections, {SECONDS} s\n");
    let server = server::null();
    let spec = ours::spec(server.address, USERS, Pace::Closed, 0, SECONDS * 1_000);
    // The cost of a request is measured without perf, because sampling takes time itself.
    let (record, cpu) = ours::run(&spec, |_, _| {});
    let cost = (cpu.user + cpu.system) / record.right as f64;

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("perf.data");
    let mut perf = None;
    ours::run(&spec, |_, pid| {
        let mut command = Command::new("perf");
        command.args(["record", "-q", "-e", "cpu-clock", "-g", "-F", FREQUENCY, "-o"]);
        command.arg(&data).args(["-p", &pid.to_string()]);
        perf = Some(command.spawn().expect("perf is installed: on Debian, package linux-perf"));
    });
    // perf ends with the process that it samples.
    assert!(perf.unwrap().wait().unwrap().success(), "perf could not sample the load");

    let mut script = Command::new("perf")
        .args(["script", "-F", "ip,sym,dso", "-i"])
        .arg(&data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut samples = [0_u32; PARTS.len()];
    let mut frames = Vec::new();
    for line in BufReader::new(script.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(frame) = Frame::parse(&line) {
            frames.push(frame);
        } else if !frames.is_empty() {
            samples[Part::of(&frames) as usize] += 1;
            frames.clear();
        }
    }
    assert!(script.wait().unwrap().success(), "perf could not read its own samples");
    let all: u32 = samples.iter().sum();
    println!("{all} samples; {cost:.2} µs of CPU time a request\n");
    println!("| part | % | µs/request |\n|---|---|---|");
    for (part, count) in PARTS.iter().zip(samples) {
        let share = f64::from(count) / f64::from(all);
        println!("| {} | {:.1} | {:.2} |", part.name(), 100.0 * share, share * cost);
    }
}
