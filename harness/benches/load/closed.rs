//! CPU time per request and requests per second of a closed load, as ratios to wrk's.

use stackmark::load::spec::TRANSACTION;
use stackmark::stats::{self, Estimate};

use crate::ours;
use crate::peer::{Outcome, Peer};
use crate::server;

pub(crate) const USERS: u32 = 64;
const PAIRS: usize = 15;
/// The other peers give context, so every third round is enough for them.
const EVERY: usize = 3;
const SECONDS: u32 = 3;

pub(crate) fn measure() {
    println!("\n## Closed, {USERS} connections, {SECONDS} s each, {PAIRS} rounds\n");
    let peers = Peer::found();
    let server = server::null();
    let spec = ours::closed_spec(server.address, USERS, SECONDS, TRANSACTION);
    let ours = || ours::closed(ours::program(), &spec);
    // The first run of each finds everything cold.
    ours();
    let (mut mine, mut theirs) = (Vec::new(), vec![Vec::new(); peers.len()]);
    for round in 0..PAIRS {
        let mut others: Vec<usize> =
            (0..peers.len()).filter(|i| peers[*i] == Peer::Wrk || round % EVERY == 0).collect();
        // The two take turns at being first, since the first run of a round meets a different machine from the
        // second.
        if round % 2 == 0 {
            mine.push(ours());
        } else {
            others.reverse();
        }
        for index in others {
            theirs[index].extend(peers[index].run(server.address, USERS, SECONDS));
        }
        if round % 2 == 1 {
            mine.push(ours());
        }
    }
    head();
    row("stackmark", &mine);
    for (peer, outcomes) in peers.iter().zip(&theirs) {
        row(peer.name(), outcomes);
    }
    if let Some(index) = peers.iter().position(|peer| *peer == Peer::Wrk) {
        ratio("CPU per request, stackmark / wrk", &mine, &theirs[index], Outcome::cpu_us);
        ratio("requests/s, stackmark / wrk", &mine, &theirs[index], |outcome| outcome.rate);
    }
}

/// Prints the head of a table of [`row`]s.
pub(crate) fn head() {
    println!(
        "| generator | requests/s | CPU µs/request | of it user | runs |\n|---|---|---|---|---|"
    );
}

pub(crate) fn row(name: &str, outcomes: &[Outcome]) {
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

/// Prints the geometric mean of paired ratios, with its 95% interval, and returns it.
pub(crate) fn ratio(
    name: &str,
    mine: &[Outcome],
    theirs: &[Outcome],
    figure: impl Fn(&Outcome) -> f64,
) -> Estimate {
    let ratios: Vec<f64> =
        mine.iter().zip(theirs).map(|(mine, theirs)| figure(mine) / figure(theirs)).collect();
    let estimate = stats::geometric_mean(&ratios).expect("two pairs and more, of times above zero");
    println!(
        "\n{name}: {:.3} (95% interval {:.3} to {:.3}, {} pairs)",
        estimate.mean, estimate.lo, estimate.hi, estimate.count
    );
    estimate
}
