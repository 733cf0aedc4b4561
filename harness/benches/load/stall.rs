//! Coordinated omission: a server that is stopped for 1 s in each 10 s, at 1,000 requests per second.
//!
//! The truth is known. A tenth of the requests wait, evenly between 0 and 1 s, so a share 0.1·(1 − x) of all requests
//! waits longer than x seconds: p95 is 0.5 s, p99 0.9 s, and the longest time 1 s.

use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stackmark::definition::scenario::Arrivals;
use stackmark::load::Pace;
use stackmark::units::{Moment, Nanos, PerSecond};

use crate::open_peer::OpenPeer;
use crate::server::{Server, load_cpu};
use crate::{ours, server};

const PERIODS: u64 = 3;
const PERIOD: Nanos = Nanos(10_000_000_000);
const STALL: Nanos = Nanos(1_000_000_000);
const WARMUP: Nanos = Nanos(500_000_000);

pub(crate) fn measure() {
    println!(
        "\n## A server that stops for 1 s in each 10 s, asked 1,000 times a second for {} s\n",
        10 * PERIODS
    );
    println!("| generator | p50 ms | p95 ms | p99 ms | max ms |\n|---|---|---|---|---|");
    println!("| the truth | – | 500 | 900 | 1000 |");
    let server = server::null();
    let pace = Pace::Open { rate: PerSecond(1_000.0), arrivals: Arrivals::Constant };
    let spec =
        ours::spec(server.address, 64, pace, WARMUP.0 / 1_000_000, PERIODS * PERIOD.0 / 1_000_000);
    let mut stalls = None;
    let (record, _) = ours::run(&spec, |start, _| stalls = Some(stall(&server, start + WARMUP)));
    stalls.unwrap().join().unwrap();
    let millis = |quantile| record.response.quantile(quantile).as_micros().0 / 1e3;
    println!(
        "| stackmark | {:.2} | {:.0} | {:.0} | {:.0} |",
        millis(0.5),
        millis(0.95),
        millis(0.99),
        millis(1.0)
    );
    for peer in OpenPeer::found() {
        let stalls = stall(&server, Moment::now() + WARMUP);
        if let Some(said) = peer.run(server.address, 1_000, 64, 10 * PERIODS) {
            let [p50, p95, p99, max] = said;
            println!("| {} | {p50:.2} | {p95:.0} | {p99:.0} | {max:.0} |", peer.name());
        }
        stalls.join().unwrap();
    }
    println!("\nstackmark: errors: {}, never sent: {}", record.failed(), record.unsent);

    // wrk has no rate: it is a closed load, which sends nothing while it waits.
    let stalls = stall(&server, Moment::now() + WARMUP);
    let mut wrk = Command::new("taskset");
    wrk.args(["-c", &load_cpu().to_string(), "wrk", "-t1", "-c64", "--latency", "-d"])
        .arg(format!("{}s", 10 * PERIODS))
        .arg(format!("http://{}/demo", server.address));
    if let Ok(output) = wrk.output() {
        let text = String::from_utf8_lossy(&output.stdout);
        println!("\nwrk, closed, of the same server:\n");
        for line in text.lines().filter(|line| line.contains('%') || line.contains("Latency ")) {
            println!("    {}", line.trim());
        }
    }
    stalls.join().unwrap();
}

/// Stops the server for the middle second of each period.
fn stall(server: &Server, begin: Moment) -> thread::JoinHandle<()> {
    let pid = Pid::from_raw(server.child.id() as i32);
    thread::spawn(move || {
        for period in 0..PERIODS {
            let stop = begin + Nanos(period * PERIOD.0 + 4_000_000_000);
            sleep_until(stop);
            kill(pid, Signal::SIGSTOP).unwrap();
            sleep_until(stop + STALL);
            kill(pid, Signal::SIGCONT).unwrap();
        }
    })
}

fn sleep_until(moment: Moment) {
    thread::sleep(Duration::from(moment.since(Moment::now())));
}
