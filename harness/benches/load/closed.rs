//! CPU per request and requests per second of a closed load, as ratios to wrk's.

use stackmark::load::Pace;
use stackmark::load::spec::SLICE;
use stackmark::stats;
use stackmark::units::Nanos;

use crate::ours;
use crate::peer::{Outcome, Peer};
use crate::server;

const USERS: u32 = 64;
const PAIRS: usize = 15;
/// The other peers give context, not a verdict: every third round is enough.
const EVERY: usize = 3;
const SECONDS: u32 = 3;

pub(crate) fn measure() {
    println!("\n## Closed, {USERS} connections, {SECONDS} s each, {PAIRS} rounds\n");
    let peers = Peer::found();
    let server = server::null();
    let ours = |slice| {
        let mut spec =
            ours::spec(server.address, USERS, Pace::Closed, 0, u64::from(SECONDS) * 1000);
        spec.slice = slice;
        let (record, cpu) = ours::run(&spec, |_, _| {});
        assert_eq!(record.sent, record.right, "{:?}", record.errors);
        Outcome::new(record.right as f64, record.window.as_secs(), cpu)
    };
    // The first of each finds everything cold.
    ours(SLICE);
    let (mut mine, mut theirs) = (Vec::new(), vec![Vec::new(); peers.len()]);
    let mut unsliced = Vec::new();
    for round in 0..PAIRS {
        let mut others: Vec<usize> =
            (0..peers.len()).filter(|i| peers[*i] == Peer::Wrk || round % EVERY == 0).collect();
        // Whoever comes first meets another machine than whoever comes second: take turns.
        if round % 2 == 0 {
            mine.push(ours(SLICE));
        } else {
            others.reverse();
        }
        for index in others {
            theirs[index].extend(peers[index].run(server.address, USERS, SECONDS));
        }
        if round % EVERY == 0 {
            unsliced.push(ours(Nanos(0)));
        }
        if round % 2 == 1 {
            mine.push(ours(SLICE));
        }
    }
    println!(
        "| generator | requests/s | CPU µs/request | of it user | runs |\n|---|---|---|---|---|"
    );
    row("stackmark", &mine);
    row("stackmark, a Goose transaction a request", &unsliced);
    for (peer, outcomes) in peers.iter().zip(&theirs) {
        row(peer.name(), outcomes);
    }
    if let Some(index) = peers.iter().position(|peer| *peer == Peer::Wrk) {
        ratio("CPU per request, stackmark / wrk", &mine, &theirs[index], Outcome::cpu_us);
        ratio("requests/s, stackmark / wrk", &mine, &theirs[index], |outcome| outcome.rate);
    }
}

fn row(name: &str, outcomes: &[Outcome]) {
    let mean = |figure: &dyn Fn(&Outcome) -> f64| {
        outcomes.iter().map(figure).sum::<f64>() / outcomes.len() as f64
    };
    println!(
        "| {name} | {:.0} | {:.2} | {:.2} | {} |",
        mean(&|o| o.rate),
        mean(&Outcome::cpu_us),
        mean(&|o| o.user_us),
        outcomes.len()
    );
}

/// The geometric mean of paired ratios, with a 95% t-interval of their logarithms.
fn ratio(name: &str, mine: &[Outcome], theirs: &[Outcome], figure: impl Fn(&Outcome) -> f64) {
    let logs: Vec<f64> = mine
        .iter()
        .zip(theirs)
        .map(|(mine, theirs)| (figure(mine) / figure(theirs)).ln())
        .collect();
    let estimate = stats::mean(&logs).unwrap();
    println!(
        "\n{name}: {:.3} (95% interval {:.3} to {:.3}, {} pairs)",
        estimate.mean.exp(),
        estimate.lo.exp(),
        estimate.hi.exp(),
        estimate.count
    );
}
