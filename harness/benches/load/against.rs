//! The load of this build against that of another stackmark program, of an older commit say: CPU per request, in pairs.
//!
//! Both are started with the same arguments, so the other program must know `stackmark load` and its options.

use std::net::SocketAddr;
use std::path::Path;

use stackmark::load::Pace;
use stackmark::load::spec::TRANSACTION;
use stackmark::workload::Kind;

use crate::closed::{self, USERS};
use crate::peer::Outcome;
use crate::{ours, server};

/// Enough for an interval of 1% where two runs differ by 2 or 3% by chance.
pub(crate) const PAIRS: usize = 40;
const SECONDS: u32 = 2;
/// No more than this may the load have become slower.
const ALLOWED: f64 = 1.01;

pub(crate) fn measure(other: &str, pairs: usize) {
    let other = Path::new(other);
    let server = server::null();
    for (kind, name) in [(Kind::RandomName, "random-name"), (Kind::GivenName, "given-name")] {
        println!(
            "\n## This load against {}, {name}, closed, {USERS} connections, {SECONDS} s each, {pairs} pairs\n",
            other.display()
        );
        let run = |program: &Path| closed(program, server.address, kind);
        // The first of each finds everything cold.
        run(ours::program());
        run(other);
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        for pair in 0..pairs {
            // The first of a pair meets another machine than the second: take turns.
            if pair % 2 == 0 {
                mine.push(run(ours::program()));
                theirs.push(run(other));
            } else {
                theirs.push(run(other));
                mine.push(run(ours::program()));
            }
        }
        closed::head();
        closed::row("this", &mine);
        closed::row("the other", &theirs);
        closed::ratio("requests/s, this / other", &mine, &theirs, |outcome| outcome.rate);
        let cpu = closed::ratio("CPU per request, this / other", &mine, &theirs, Outcome::cpu_us);
        let word = if cpu.hi <= ALLOWED { "within" } else { "above" };
        println!("upper bound {:.4}: {word} the {ALLOWED} that is allowed", cpu.hi);
    }
}

/// One run of `program`. The server has no rows: answers are empty, whatever is asked.
fn closed(program: &Path, address: SocketAddr, kind: Kind) -> Outcome {
    let mut spec = ours::spec(address, USERS, Pace::Closed, 0, u64::from(SECONDS) * 1_000);
    spec.asks = kind;
    spec.has_rows = false;
    spec.slice = TRANSACTION;
    ours::closed(program, &spec)
}
