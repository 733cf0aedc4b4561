//! The load's own lateness under an open load.

use stackmark::definition::scenario::Arrivals;
use stackmark::load::timer::Waiting;
use stackmark::load::{LoadSpec, Pace};
use stackmark::units::{Nanos, PerSecond};

use crate::{ours, server};

pub(crate) fn measure() {
    println!("\n## Open, constant arrivals, 64 connections, 6 s each\n");
    println!(
        "| asked req/s | until a request is due | achieved | lateness p50 µs | lateness p99 µs | service p50 µs | response p50 µs | response p99 µs |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let server = server::null();
    let ways = [(Waiting::Sleeps, "sleeps"), (Waiting::Spins, "spins")];
    for (rate, (waiting, name)) in
        [10.0, 1_000.0, 4_000.0, 20_000.0].into_iter().flat_map(|rate| ways.map(|way| (rate, way)))
    {
        let pace = Pace::Open { rate: PerSecond(rate), arrivals: Arrivals::Constant };
        let spec = LoadSpec { waiting, ..ours::spec(server.address, 64, pace, 500, 6_000) };
        let (record, _) = ours::run(&spec, |_, _| {});
        assert_eq!(record.sent, record.right, "{:?}", record.errors);
        let micros = |latency: Nanos| latency.as_micros().0;
        println!(
            "| {rate} | {name} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
            record.goodput(),
            micros(record.lateness.quantile(0.5)),
            micros(record.lateness.quantile(0.99)),
            micros(record.service.quantile(0.5)),
            micros(record.response.quantile(0.5)),
            micros(record.response.quantile(0.99)),
        );
    }
}
