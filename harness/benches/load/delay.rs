//! A server that answers after a known delay: each percentile must be that of the delay plus what the
//! same server takes without one, within 2% or 50 µs.
//!
//! The question is whether the load times rightly, not how fast this machine's CPUs wake from sleep, which
//! takes a virtual one up to a millisecond. So both are kept awake by processes of idle priority, and the
//! server waits for the last stretch of a delay without letting go of its CPU.

use std::net::SocketAddr;
use std::rc::Rc;

use stackmark::definition::scenario::Arrivals;
use stackmark::load::timer::Timer;
use stackmark::load::{LoadRecord, Pace};
use stackmark::units::{Nanos, PerSecond};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{ours, server};

/// Longer than a virtual CPU takes to wake, but for one time in thousands.
const SPIN: Nanos = Nanos(2_000_000);
/// Requests per second: so that none arrives while the server spins for another, whose answer it would delay.
const RATE: f64 = 170.0;
/// Windows of each; percentiles are the median of theirs.
const WINDOWS: usize = 3;
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]";

pub(crate) fn measure() {
    println!(
        "\n## A server with a known delay, {RATE} req/s, 64 connections, {WINDOWS} windows of 4 s\n"
    );
    println!(
        "| delay ms | percentile | delay + zero-delay server ms | stackmark says ms | off by |\n|---|---|---|---|---|"
    );
    let _awake = [server::keep_awake(&server::cpu(0)), server::keep_awake(&server::load_cpu())];
    let zero = load(&[0]);
    for delays in [&[200][..], &[1_000], &[5_000], &[50_000], &[200, 200, 200, 5_000]] {
        let record = load(delays);
        for quantile in [0.5, 0.9, 0.99] {
            let expected = expected(delays, quantile, &zero);
            let said = percentile(&record, quantile);
            println!(
                "| {} | p{} | {:.3} | {:.3} | {:+.1}% {:+.0} µs |",
                delays
                    .iter()
                    .map(|delay| (*delay as f64 / 1e3).to_string())
                    .collect::<Vec<_>>()
                    .join(", "),
                100.0 * quantile,
                expected / 1e3,
                said / 1e3,
                100.0 * (said / expected - 1.0),
                said - expected,
            );
        }
    }
}

/// In microseconds. Delays are taken in turn, so each has its even share; within the share of one delay
/// the rest is as the zero-delay server's.
fn expected(delays: &[u64], quantile: f64, zero: &[LoadRecord]) -> f64 {
    let count = delays.len() as f64;
    let rank = ((quantile * count).ceil() as usize).clamp(1, delays.len());
    let delay = delays[rank - 1];
    let below = delays.iter().filter(|other| **other < delay).count() as f64 / count;
    let share = delays.iter().filter(|other| **other == delay).count() as f64 / count;
    delay as f64 + percentile(zero, (quantile - below) / share)
}

fn percentile(windows: &[LoadRecord], quantile: f64) -> f64 {
    let mut values: Vec<f64> =
        windows.iter().map(|record| record.response.quantile(quantile).as_micros().0).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// `delays_us` ascending.
fn load(delays_us: &[u64]) -> Vec<LoadRecord> {
    let server = server::delaying(delays_us);
    let pace = Pace::Open { rate: PerSecond(RATE), arrivals: Arrivals::Constant };
    let window = || {
        let (record, _) = ours::run(&ours::spec(server.address, 64, pace, 500, 4_000), |_| {});
        assert_eq!(record.sent, record.right, "{:?}", record.errors);
        record
    };
    (0..WINDOWS).map(|_| window()).collect()
}

/// Answers each request after the next of `delays` (microseconds, in turn), by a timer finer than tokio's.
pub(crate) fn serve(address: &str, delays: &[&str]) {
    let address: SocketAddr = address.parse().unwrap();
    let delays: Vec<u64> = delays.iter().map(|delay| delay.parse().unwrap()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let turn = Rc::new(std::cell::Cell::new(0));
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let timer = Rc::new(Timer::new().unwrap());
        let driver = Rc::clone(&timer);
        tokio::task::spawn_local(async move { driver.drive().await });
        let listener = TcpListener::bind(address).await.unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (timer, turn, delays) = (Rc::clone(&timer), Rc::clone(&turn), delays.clone());
            tokio::task::spawn_local(async move {
                let _ = connection(stream, &timer, &turn, &delays).await;
            });
        }
    });
}

async fn connection(
    mut stream: TcpStream,
    timer: &Timer,
    turn: &std::cell::Cell<usize>,
    delays: &[u64],
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 1024];
    // The load sends one small request at a time: one read holds it.
    while stream.read(&mut buffer).await? > 0 {
        let received = Nanos::now();
        let delay = delays[turn.get() % delays.len()];
        turn.set(turn.get() + 1);
        let due = received + Nanos(delay * 1_000);
        timer.until(due - SPIN).await;
        while Nanos::now() < due {
            std::hint::spin_loop();
        }
        stream.write_all(ANSWER).await?;
    }
    Ok(())
}
