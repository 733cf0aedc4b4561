//! A witness on a CPU: a process of idle priority that reads the clock all the time, and so notes when it could not
//! run because something else ran there, or the host took the CPU away.
//!
//! Whatever else wants the CPU gets it at once, and finds it awake: a virtual CPU takes up to a millisecond to wake
//! from sleep.

use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stackmark::os::placement::Cpus;
use stackmark::os::process;
use stackmark::units::{Moment, Nanos};

/// The gap between two readings from which something else ran; a reading takes a small part of it.
const GAP: Nanos = Nanos(1_000);
/// The longest time that the load takes for an answer.
const SEEN_TO: Nanos = Nanos(100_000);
/// The gap from which the CPU was taken away; neither the load nor a server runs for so long without a pause.
const AWAY: Nanos = Nanos(500_000);

/// A witness that is running.
pub(crate) struct Witness(Child);

impl Witness {
    /// Starts a witness on one CPU.
    pub(crate) fn on(cpu: &Cpus) -> Witness {
        let mut command = Command::new("chrt");
        command.args(["--idle", "0"]).arg(std::env::current_exe().unwrap()).arg("--witness");
        command.stdout(Stdio::piped());
        Witness(
            process::spawn_tied(&mut command, Some(cpu), Signal::SIGKILL)
                .expect("chrt is part of util-linux"),
        )
    }

    /// Stops the witness, and returns the gaps that it saw.
    pub(crate) fn says(self) -> Gaps {
        kill(Pid::from_raw(self.0.id() as i32), Signal::SIGTERM).unwrap();
        let output = self.0.wait_with_output().unwrap();
        assert!(output.status.success(), "a witness never came to run: {}", output.status);
        Gaps(serde_json::from_slice(&output.stdout).unwrap())
    }
}

/// The times at which the witness could not run, ascending.
pub(crate) struct Gaps(Vec<(Moment, Moment)>);

impl Gaps {
    /// The moment at which the CPU had dealt with what came at `moment`. If the CPU was idle at `moment`, that was
    /// the first thing that it ran; otherwise, it was done when the CPU became idle.
    pub(crate) fn seen_to(&self, moment: Moment) -> Moment {
        let next = self.0.partition_point(|(_, end)| *end <= moment);
        let (start, end) = *self.0.get(next).expect("the load ends before the witness");
        if start < moment { end } else { end.min(start + SEEN_TO) }
    }

    /// The share of a window for which the CPU was taken away, by the host or by programs that are not part of the
    /// measurement.
    pub(crate) fn away(&self, window: &Range<Moment>) -> f64 {
        let away: u64 = self
            .0
            .iter()
            .map(|(start, end)| end.min(&window.end).since(*start.max(&window.start)))
            .filter(|gap| *gap > AWAY)
            .map(|gap| gap.0)
            .sum();
        away as f64 / (window.end - window.start).0 as f64
    }
}

/// Reads the clock until the process is asked to end, then prints the gaps.
pub(crate) fn run() {
    let ended = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&ended);
    ctrlc::set_handler(move || end.store(true, Ordering::Relaxed)).unwrap();
    let mut gaps = Vec::with_capacity(1 << 16);
    let mut last = Moment::now();
    while !ended.load(Ordering::Relaxed) {
        let now = Moment::now();
        if now - last > GAP {
            gaps.push((last, now));
        }
        last = now;
    }
    println!("{}", serde_json::to_string(&gaps).unwrap());
}
