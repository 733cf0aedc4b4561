//! Other generators that send at a given rate and charge waiting to the server, where they are on the PATH.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use serde::Deserialize;
use serde_json::Value;
use stackmark::load::record::Latencies;
use stackmark::os::process;

use crate::server::load_cpu;

/// The quantiles that rows show; 1 is the longest time.
pub(crate) const QUANTILES: [f64; 4] = [0.5, 0.95, 0.99, 1.0];

/// A generator of an open load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenPeer {
    Zrk,
    Wrk2,
    Oha,
}

impl OpenPeer {
    /// The generators that this machine has.
    pub(crate) fn found() -> Vec<OpenPeer> {
        let has = |peer: &OpenPeer| {
            let mut command = Command::new(peer.name());
            command.arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        let (found, missing): (Vec<_>, Vec<_>) =
            [OpenPeer::Zrk, OpenPeer::Wrk2, OpenPeer::Oha].into_iter().partition(has);
        for peer in missing {
            println!("{} is not here and is left out\n", peer.name());
        }
        found
    }

    /// The name of its program.
    pub(crate) fn name(self) -> &'static str {
        match self {
            OpenPeer::Zrk => "zrk",
            OpenPeer::Wrk2 => "wrk2",
            OpenPeer::Oha => "oha",
        }
    }

    /// Loads `address` at `rate` requests per second for whole seconds, on the load's CPU, and returns the response times at
    /// [`QUANTILES`] in milliseconds, as the generator says them. Returns `None`, and prints the reason, where it did not
    /// come to its end.
    pub(crate) fn run(
        self,
        address: SocketAddr,
        rate: u64,
        users: u32,
        seconds: u64,
    ) -> Option<[f64; 4]> {
        let url = format!("http://{address}/demo");
        let (rate, users, duration) = (rate.to_string(), users.to_string(), format!("{seconds}s"));
        let mut command = Command::new(self.name());
        match self {
            OpenPeer::Zrk => command.args(["-t1", "--format", "json", "-c", &users, "-R", &rate]),
            OpenPeer::Wrk2 => command.args(["-t1", "--latency", "-c", &users, "-R", &rate]),
            OpenPeer::Oha => {
                command.args(["--no-tui", "--output-format", "json", "--latency-correction"]);
                command.args(["-c", &users, "-q", &rate])
            }
        };
        command.args([if self == OpenPeer::Oha { "-z" } else { "-d" }, &duration, &url]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = process::spawn_tied(&mut command, Some(&load_cpu()), Signal::SIGKILL).ok()?;
        let output = child.wait_with_output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let said = match self {
            OpenPeer::Zrk => zrk(&text),
            OpenPeer::Wrk2 => wrk2(&text),
            OpenPeer::Oha => oha(&text),
        };
        if said.is_none() {
            let errors = String::from_utf8_lossy(&output.stderr);
            let last = errors.lines().last().or(text.lines().last());
            println!("{} failed: {}", self.name(), last.unwrap_or("silently"));
        }
        said
    }
}

/// From the histogram of microseconds that zrk's JSON holds.
fn zrk(text: &str) -> Option<[f64; 4]> {
    let json: Value = serde_json::from_str(text).ok()?;
    let histogram = Latencies::deserialize(&json["latency_histogram"]).ok()?;
    Some(QUANTILES.map(|quantile| histogram.quantile(quantile).0 as f64 / 1e3))
}

/// From the lines `value percentile total-count inverse` of wrk2's spectrum, in milliseconds: the first at or above each.
fn wrk2(text: &str) -> Option<[f64; 4]> {
    let spectrum: Vec<(f64, f64)> = text
        .lines()
        .skip_while(|line| !line.contains("Percentile"))
        .filter_map(|line| {
            let mut words = line.split_whitespace().map(|word| word.parse().ok());
            Some((words.next()??, words.next()??))
        })
        .collect();
    let at =
        |quantile| spectrum.iter().find(|(_, share)| *share >= quantile).map(|(value, _)| *value);
    let found = QUANTILES.map(at);
    Some([found[0]?, found[1]?, found[2]?, found[3]?])
}

/// From the percentiles of oha's JSON, in seconds.
fn oha(text: &str) -> Option<[f64; 4]> {
    let json: Value = serde_json::from_str(text).ok()?;
    let of = |name: &str| Some(1e3 * json["latencyPercentiles"][name].as_f64()?);
    Some([of("p50")?, of("p95")?, of("p99")?, 1e3 * json["summary"]["slowest"].as_f64()?])
}
