//! Other load generators, run as their users run them.

use std::fs;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::Signal;
use nix::sys::time::TimeVal;
use stackmark::observe::processes;
use stackmark::os::process;

use crate::said;
use crate::server::load_cpu;

/// CPU time in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CpuTime {
    pub(crate) user: f64,
    pub(crate) system: f64,
}

impl CpuTime {
    pub(crate) fn since(&self, before: &CpuTime) -> CpuTime {
        CpuTime { user: self.user - before.user, system: self.system - before.system }
    }

    /// The CPU time of a running process: the sum from its CPU clock, in nanoseconds, divided into user and system by
    /// the kernel's ticks of 10 ms.
    pub(crate) fn of(pid: u32) -> CpuTime {
        let total = processes::cpu_time(pid).unwrap().0 as f64 / 1e3;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields: Vec<f64> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .map(|field| field.parse().unwrap_or(0.0))
            .collect();
        // According to proc(5), utime and stime are fields 14 and 15, and field 2 is the name that ends before them.
        let (user, system) = (fields[11], fields[12]);
        let part = if user + system > 0.0 { user / (user + system) } else { 0.0 };
        CpuTime { user: part * total, system: (1.0 - part) * total }
    }

    /// The CPU time of all children that were waited for.
    fn of_children() -> CpuTime {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        let micros = |time: TimeVal| time.tv_sec() as f64 * 1e6 + time.tv_usec() as f64;
        CpuTime { user: micros(usage.user_time()), system: micros(usage.system_time()) }
    }
}

/// The result of one run of a generator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) rate: f64,
    pub(crate) user_us: f64,
    pub(crate) system_us: f64,
}

impl Outcome {
    pub(crate) fn new(requests: f64, seconds: f64, cpu: CpuTime) -> Outcome {
        Outcome {
            rate: requests / seconds,
            user_us: cpu.user / requests,
            system_us: cpu.system / requests,
        }
    }

    pub(crate) fn cpu_us(&self) -> f64 {
        self.user_us + self.system_us
    }
}

/// Another load generator with a closed load of a given number of connections on one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Wrk,
    Ab,
    Oha,
    GooseClient,
    Floor,
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Peer::Wrk => "wrk",
            Peer::Ab => "ab",
            Peer::Oha => "oha",
            Peer::GooseClient => "Goose's own client",
            Peer::Floor => "bare epoll loop",
        }
    }

    /// The generators that this machine has.
    pub(crate) fn found() -> Vec<Peer> {
        let has = |program: &str| {
            let mut command = Command::new(program);
            command.arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        let external = [(Peer::Wrk, "wrk"), (Peer::Ab, "ab"), (Peer::Oha, "oha")];
        let mut found = Vec::new();
        for (peer, program) in external {
            if has(program) {
                found.push(peer);
            } else {
                println!("{program} is not here and is left out");
            }
        }
        found.extend([Peer::GooseClient, Peer::Floor]);
        found
    }

    /// Loads `address` and parses the generator's own result. Returns `None`, and prints the reason, where it did not
    /// come to its end.
    pub(crate) fn run(self, address: SocketAddr, users: u32, seconds: u32) -> Option<Outcome> {
        let url = format!("http://{address}/demo");
        let (users, duration) = (users.to_string(), seconds.to_string());
        let this = std::env::current_exe().unwrap();
        let mut command = match self {
            Peer::Wrk => words("wrk", &["-t1", "-c", &users, "-d", &duration, &url]),
            Peer::Ab => {
                words("ab", &["-q", "-k", "-c", &users, "-t", &duration, "-n", "99999999", &url])
            }
            Peer::Oha => words(
                "oha",
                &[
                    "--no-tui",
                    "-c",
                    &users,
                    "-z",
                    &format!("{seconds}s"),
                    "--output-format",
                    "json",
                    &url,
                ],
            ),
            Peer::GooseClient => words(
                this.to_str().unwrap(),
                &["--goose-client", &address.to_string(), &users, &duration],
            ),
            Peer::Floor => {
                words(this.to_str().unwrap(), &["--floor", &address.to_string(), &users, &duration])
            }
        };
        let before = CpuTime::of_children();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = process::spawn_tied(&mut command, Some(&load_cpu()), Signal::SIGKILL).unwrap();
        let output = child.wait_with_output().unwrap();
        let cpu = CpuTime::of_children().since(&before);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let parsed = self.parse(&text, f64::from(seconds));
        if parsed.is_none() {
            let said = String::from_utf8_lossy(&output.stderr);
            println!("{} failed: {}", self.name(), said.lines().last().unwrap_or("silently"));
        }
        let (requests, seconds) = parsed?;
        Some(Outcome::new(requests, seconds, cpu))
    }

    /// Parses the number of requests, and the seconds that they took.
    fn parse(self, text: &str, seconds: f64) -> Option<(f64, f64)> {
        match self {
            Peer::Wrk => said::wrk(text),
            Peer::Ab => said::ab(text),
            Peer::Oha => said::oha(text),
            Peer::GooseClient | Peer::Floor => Some((text.trim().parse().ok()?, seconds)),
        }
    }
}

fn words(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}
