//! A server that answers after a known delay: what the load says, against two expectations.
//!
//! By the delay: each percentile is that of the delay plus what the same server takes without one, within
//! 2% or 50 µs. That holds where nothing else happens; on a host that takes CPUs away at random, the tail is
//! the host's. So also by the server's record, on the same clock: from when each request was due to when
//! its answer was about to be written, plus the rest of the way as it is without a delay. What
//! the host did before the answer is in both, and what is left is the load's, and the host's on that last leg. By
//! how much the two expectations differ, the host was in the way before the answer (or the load was late, which
//! its lateness tells).
//!
//! The question is whether the load times rightly, not how fast this machine's CPUs wake from sleep, which
//! takes a virtual one up to a millisecond. So both are kept awake by processes of idle priority, and the
//! server waits for the last stretch of a delay without letting go of its CPU.

use std::net::SocketAddr;

use stackmark::definition::scenario::Arrivals;
use stackmark::load::Pace;
use stackmark::load::record::Latencies;
use stackmark::units::{Nanos, PerSecond};

use crate::{delay_server, ours, server};

/// Microseconds, ascending; of several, each request waits the next, in turn.
const DELAYS: [&[u64]; 5] = [&[200], &[1_000], &[5_000], &[50_000], &[200, 200, 200, 5_000]];
const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];
/// Requests per second: so that none arrives while the server spins for another, whose answer it would delay.
const RATE: f64 = 170.0;
/// No request is due at either end of the window, where a rounding would decide to which side it belongs.
const WARMUP_MS: u64 = 503;
const WINDOW_MS: u64 = 4_000;
/// In each round every server has one window, so that what is compared met the same host. Of nine values
/// the second and the eighth enclose the median with 96% confidence, whatever their distribution:
/// 1 − 2·(1 + 9)/2⁹.
const ROUNDS: usize = 9;
const ENCLOSING: (usize, usize) = (1, 7);

pub(crate) fn measure() {
    println!(
        "\n## A server with a known delay, {RATE} req/s, 64 connections, {ROUNDS} rounds, {} s a window\n",
        WINDOW_MS / 1_000
    );
    let _awake = [server::keep_awake(&server::cpu(0)), server::keep_awake(&server::load_cpu())];
    let servers: Vec<_> = [&[0][..]].into_iter().chain(DELAYS).map(server::delaying).collect();
    let rounds: Vec<Vec<Window>> = (0..ROUNDS)
        .map(|round| {
            let mut order: Vec<usize> = (0..servers.len()).collect();
            if round % 2 == 1 {
                order.reverse();
            }
            let mut windows: Vec<(usize, Window)> =
                order.into_iter().map(|index| (index, window(servers[index].address))).collect();
            windows.sort_by_key(|(index, _)| *index);
            windows.into_iter().map(|(_, window)| window).collect()
        })
        .collect();

    println!(
        "Medians over the rounds, in µs, and in brackets what encloses them with 96% confidence.\n\n\
         | delay ms | percentile | stackmark says | delay + zero-delay server | off by | server's record + last leg at zero delay | off by | due to received | waited too long |\n\
         |---|---|---|---|---|---|---|---|---|"
    );
    let (mut by_delay, mut by_record) = (0, 0);
    for (index, delays) in DELAYS.iter().enumerate() {
        for quantile in QUANTILES {
            let seen: Vec<Seen> = rounds
                .iter()
                .map(|windows| Seen::of(delays, quantile, &windows[0], &windows[index + 1]))
                .collect();
            let median = |figure: &dyn Fn(&Seen) -> f64| Median::of(seen.iter().map(figure));
            let delay_off = median(&|seen| seen.said - seen.by_delay);
            let record_off = median(&|seen| seen.said - seen.by_record);
            let (delay, record) = (median(&|seen| seen.by_delay), median(&|seen| seen.by_record));
            by_delay += usize::from(delay_off.is_within(delay.middle));
            by_record += usize::from(record_off.is_within(record.middle));
            println!(
                "| {} | p{} | {:.0} | {:.0} | {delay_off} | {:.0} | {record_off} | {:.0} | {:.0} |",
                delays
                    .iter()
                    .map(|delay| (*delay as f64 / 1e3).to_string())
                    .collect::<Vec<_>>()
                    .join(", "),
                100.0 * quantile,
                median(&|seen| seen.said).middle,
                delay.middle,
                record.middle,
                median(&|seen| seen.received).middle,
                median(&|seen| seen.excess).middle,
            );
        }
    }
    let all = DELAYS.len() * QUANTILES.len();
    println!(
        "\nwithin 2% or 50 µs: {by_delay} of {all} by the delay, {by_record} of {all} by the server's record"
    );
}

/// One window of one server.
struct Window {
    /// From due to the last byte, by the load.
    response: Latencies,
    /// From due to when the answer was about to be written, by the server.
    answered: Latencies,
    /// From due to when the request had been read, by the server: the load's lateness, and the way there.
    received: Latencies,
    /// What the server waited beyond the delay: it spins for its end, so this is the host's.
    excess: Latencies,
}

fn window(address: SocketAddr) -> Window {
    let pace = Pace::Open { rate: PerSecond(RATE), arrivals: Arrivals::Constant };
    let spec = ours::spec(address, 64, pace, WARMUP_MS, WINDOW_MS);
    let mut start = Nanos(0);
    let (record, _) = ours::run(&spec, |at, _| start = at);
    assert_eq!(record.sent, record.right, "{:?}", record.errors);
    let mut answered = Latencies::default();
    let (mut received, mut excess) = (answered.clone(), answered.clone());
    let from = start + spec.warmup.least;
    let window = from..from + spec.window;
    for (index, served) in delay_server::record(address).into_iter().enumerate() {
        // Two that the server received in another order than they were due change places: the percentiles
        // of all differ by no more than the two were apart.
        let due = start + Nanos((index as f64 * 1e9 / RATE) as u64);
        if window.contains(&due) {
            answered.record(served.answered - due);
            received.record(served.received - due);
            excess.record(served.answered - served.received - served.delay);
        }
    }
    assert_eq!(answered.count(), record.right, "the server and the load count alike");
    Window { response: record.response, answered, received, excess }
}

/// One percentile in one round, in microseconds.
struct Seen {
    said: f64,
    by_delay: f64,
    by_record: f64,
    received: f64,
    excess: f64,
}

impl Seen {
    /// Delays are taken in turn, so each has its even share; within the share of one delay the rest is as
    /// the zero-delay server's.
    fn of(delays: &[u64], quantile: f64, zero: &Window, delayed: &Window) -> Seen {
        let micros = |latencies: &Latencies, quantile| latencies.quantile(quantile).as_micros().0;
        let count = delays.len() as f64;
        let rank = ((quantile * count).ceil() as usize).clamp(1, delays.len());
        let delay = delays[rank - 1];
        let below = delays.iter().filter(|other| **other < delay).count() as f64 / count;
        let share = delays.iter().filter(|other| **other == delay).count() as f64 / count;
        let within = (quantile - below) / share;
        let undelayed = micros(&zero.response, within);
        Seen {
            said: micros(&delayed.response, quantile),
            by_delay: delay as f64 + undelayed,
            by_record: micros(&delayed.answered, quantile) + undelayed
                - micros(&zero.answered, within),
            received: micros(&delayed.received, quantile),
            excess: micros(&delayed.excess, quantile),
        }
    }
}

/// The median of one value a round.
struct Median {
    middle: f64,
    low: f64,
    high: f64,
}

impl Median {
    fn of(values: impl Iterator<Item = f64>) -> Median {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Median { middle: values[ROUNDS / 2], low: values[ENCLOSING.0], high: values[ENCLOSING.1] }
    }

    fn is_within(&self, expected: f64) -> bool {
        self.middle.abs() <= (0.02 * expected).max(50.0)
    }
}

impl std::fmt::Display for Median {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(out, "{:+.0} ({:+.0} to {:+.0})", self.middle, self.low, self.high)
    }
}
