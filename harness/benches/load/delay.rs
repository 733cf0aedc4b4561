//! A server that answers after a known delay: compares what the load reports with two expectations.
//!
//! By the delay: each percentile is that of the delay plus what the same server takes without one. This holds where
//! nothing else happens. On a host that takes a CPU away for 1% of the time, a p99 without a delay shows how long the
//! host was away, and a p99 with a delay shows that it was away twice: when the request was due, and when its answer
//! came.
//!
//! By witnesses, on the same clock: the server notes when it was about to answer each request, and a witness on the
//! load's CPU notes when that CPU had dealt with it. The time from when a request was due until then is what the load
//! should report, except for what it does after it last looks at the clock. That is the same without a delay, where
//! the medians show it. What the host does is in both figures; the difference is the load's.

use std::net::SocketAddr;

use stackmark::definition::scenario::Arrivals;
use stackmark::load::Pace;
use stackmark::load::record::Latencies;
use stackmark::units::{Moment, Nanos, PerSecond};

use crate::median::{Median, PAIRS};
use crate::open_peer::OpenPeer;
use crate::server::{Server, cpu, load_cpu};
use crate::witness::Witness;
use crate::{delay_server, ours, server};

/// Delays in microseconds, ascending. Where there are several, requests wait for them in turn.
const DELAYS: [&[u64]; 5] = [&[200], &[1_000], &[5_000], &[50_000], &[200, 200, 200, 5_000]];
const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];
/// The distance between two requests. Whatever the delay, an answer then falls between 200 and 1,000 µs after some
/// request was due, so that the server, which spins for it, delays no other request.
const APART: Nanos = Nanos(1_600_000);
/// The number of users: a delay of 50 ms keeps 32 of them busy.
const USERS: u32 = 64;
/// The warm-up, chosen so that no request is due at either end of the window, where rounding would decide on which
/// side it falls.
const WARMUP_MS: u64 = 203;
const WINDOW_MS: u64 = 2_000;
/// The length of a window of another generator; wrk2 calibrates itself for the first ten seconds.
const PEER_SECONDS: u64 = 15;

pub(crate) fn measure() {
    let rate = 1e9 / APART.0 as f64;
    println!(
        "\n## A server with a known delay, {rate:.0} req/s, {USERS} connections, {PAIRS} pairs of windows of {} s\n",
        WINDOW_MS / 1_000
    );
    let zero = server::delaying(&[0]);
    let servers: Vec<_> = DELAYS.into_iter().map(server::delaying).collect();
    let mut pairs: Vec<Vec<Pair>> = DELAYS.iter().map(|_| Vec::new()).collect();
    for round in 0..PAIRS {
        for (server, pairs) in servers.iter().zip(&mut pairs) {
            // The two take turns at being first, since the first window of a pair meets a different machine from the
            // second.
            let (without, with) = if round % 2 == 0 {
                let without = window(zero.address);
                (without, window(server.address))
            } else {
                let with = window(server.address);
                (window(zero.address), with)
            };
            pairs.push(Pair { without, with });
        }
    }

    println!(
        "Medians over the pairs, in µs, and in brackets what encloses them with 96% confidence. Within 2% or 50 µs is \
         what is so wherever in the brackets the median lies; \"open\" is what may be so or not.\n\n\
         | delay ms | percentile | stackmark says | delay + zero delay | off by | within | by witnesses | off by | within |\n\
         |---|---|---|---|---|---|---|---|---|"
    );
    let mut within = [0; 2];
    for (delays, pairs) in DELAYS.iter().zip(&pairs) {
        for quantile in QUANTILES {
            let said = |pair: &Pair| micros(&pair.with.response, quantile);
            let expectations: [&dyn Fn(&Pair) -> f64; 2] =
                [&|pair| pair.by_delay(delays, quantile), &|pair| pair.by_witnesses(quantile)];
            let middle = Median::of(pairs.iter().map(said)).middle;
            print!("| {} | p{} | {middle:.0} |", in_millis(delays), 100.0 * quantile);
            for (expected, within) in expectations.into_iter().zip(&mut within) {
                let middle = Median::of(pairs.iter().map(expected)).middle;
                let off = Median::of(pairs.iter().map(|pair| said(pair) - expected(pair)));
                let verdict = off.is_within((0.02 * middle).max(50.0));
                *within += usize::from(verdict == Some(true));
                print!(" {middle:.0} | {off} | {} |", word(verdict));
            }
            println!();
        }
    }
    println!(
        "\nwithin 2% or 50 µs: {} of {all} by the delay, {} of {all} by the witnesses",
        within[0],
        within[1],
        all = DELAYS.len() * QUANTILES.len()
    );
    peers(&zero, &servers);
    for (name, cpu) in [("server", 0), ("load", 1)] {
        let windows = pairs.iter().flatten().flat_map(|pair| [&pair.without, &pair.with]);
        let mut away: Vec<f64> = windows.map(|window| 100.0 * window.away[cpu]).collect();
        away.sort_by(f64::total_cmp);
        println!(
            "the {name}'s CPU was taken away for {:.2}% of a window (the median; {:.2}% to {:.2}%)",
            away[away.len() / 2],
            away[0],
            away[away.len() - 1]
        );
    }
}

/// Prints what other generators say of the servers with one delay each, beside the delay and what the same generator says of
/// the server without one.
fn peers(zero: &Server, servers: &[Server]) {
    let (rate, seconds) = (1_000_000_000 / APART.0, PEER_SECONDS);
    println!("\nOther generators, one window of {seconds} s each, in ms:\n");
    let peers = OpenPeer::found();
    println!(
        "| generator | delay | p50 says | delay + zero delay | p99 says | delay + zero delay |"
    );
    println!("|---|---|---|---|---|---|");
    for peer in peers {
        let Some(without) = peer.run(zero.address, rate, USERS, seconds) else { continue };
        for (server, delays) in servers.iter().zip(DELAYS) {
            let [delay] = delays else { continue };
            let Some(with) = peer.run(server.address, rate, USERS, seconds) else { continue };
            let (name, delay) = (peer.name(), *delay as f64 / 1e3);
            let [p50, _, p99, _] = with;
            let (of_p50, of_p99) = (delay + without[0], delay + without[2]);
            println!("| {name} | {delay} | {p50:.3} | {of_p50:.3} | {p99:.3} | {of_p99:.3} |");
        }
    }
    println!();
}

fn in_millis(delays: &[u64]) -> String {
    delays.iter().map(|delay| (*delay as f64 / 1e3).to_string()).collect::<Vec<_>>().join(", ")
}

fn word(verdict: Option<bool>) -> &'static str {
    match verdict {
        Some(true) => "yes",
        Some(false) => "no",
        None => "open",
    }
}

/// One window on one server.
struct Window {
    /// The times from due to the last byte, by the load.
    response: Latencies,
    /// The times from due until the load's CPU had dealt with the answer, by the server and the witness.
    witnessed: Latencies,
    /// The shares of the window for which the CPUs of the server and of the load were taken away.
    away: [f64; 2],
}

fn window(address: SocketAddr) -> Window {
    let rate = PerSecond(1e9 / APART.0 as f64);
    let pace = Pace::Open { rate, arrivals: Arrivals::Constant };
    let mut spec = ours::spec(address, USERS, pace, WARMUP_MS, WINDOW_MS);
    spec.has_rows = false;
    let mut first = Moment(0);
    let mut window = first..first;
    let mut witnesses = None;
    let (record, _) = ours::run(&spec, |start, _| {
        first = start;
        window.start = start + spec.warmup.least;
        window.end = window.start + spec.window;
        witnesses = Some([cpu(0), load_cpu()].map(|cpu| Witness::on(&cpu)));
    });
    assert_eq!(record.sent, record.right, "{:?}", record.errors);
    let [at_server, at_load] = witnesses.expect("it starts before it ends").map(Witness::says);
    let mut witnessed = Latencies::default();
    for (index, answered) in delay_server::record(address).into_iter().enumerate() {
        // Two requests that the server received in a different order from that in which they were due change places.
        // The percentiles of all requests differ by no more than the distance of the two.
        let due = first + Nanos(index as u64 * APART.0);
        if window.contains(&due) {
            witnessed.record(at_load.seen_to(answered) - due);
        }
    }
    assert_eq!(witnessed.count(), record.right, "the server and the load count alike");
    let away = [at_server, at_load].map(|gaps| gaps.away(&window));
    Window { response: record.response, witnessed, away }
}

/// Two windows, one after the other.
struct Pair {
    without: Window,
    with: Window,
}

impl Pair {
    /// The expected quantile by the delay: the times of the server without a delay, at each thousandth of them, each
    /// with each delay added. Delays are taken in turn, so all have an equal share.
    fn by_delay(&self, delays: &[u64], quantile: f64) -> f64 {
        let mut all: Vec<f64> = (1..=1_000)
            .map(|rank| micros(&self.without.response, f64::from(rank) / 1e3))
            .flat_map(|undelayed| delays.iter().map(move |delay| *delay as f64 + undelayed))
            .collect();
        all.sort_by(f64::total_cmp);
        all[(quantile * all.len() as f64).ceil() as usize - 1]
    }

    fn by_witnesses(&self, quantile: f64) -> f64 {
        let rest = micros(&self.without.response, 0.5) - micros(&self.without.witnessed, 0.5);
        micros(&self.with.witnessed, quantile) + rest
    }
}

fn micros(latencies: &Latencies, quantile: f64) -> f64 {
    latencies.quantile(quantile).as_micros().0
}
