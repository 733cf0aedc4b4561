//! Measures whether it pays that a Goose transaction covers a slice of time: CPU time per request, as a ratio to that
//! of a transaction for each request.

use stackmark::load::spec::TRANSACTION;
use stackmark::units::Nanos;

use crate::closed::{self, USERS};
use crate::peer::Outcome;
use crate::{ours, server};

const PAIRS: usize = 15;
const SECONDS: u32 = 3;
/// A slice that is over before the first answer.
const ONE_REQUEST: Nanos = Nanos(1);

pub(crate) fn measure() {
    println!(
        "\n## A Goose transaction of {} ms against one a request, closed, {USERS} connections, {SECONDS} s each\n",
        TRANSACTION.0 / 1_000_000
    );
    let server = server::null();
    let run = |slice| {
        let spec = ours::closed_spec(server.address, USERS, SECONDS, slice);
        ours::closed(ours::program(), &spec)
    };
    // The first run finds everything cold.
    run(TRANSACTION);
    let (mut slices, mut requests) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        // The two take turns at being first, since the first run of a pair meets a different machine from the second.
        if pair % 2 == 0 {
            slices.push(run(TRANSACTION));
            requests.push(run(ONE_REQUEST));
        } else {
            requests.push(run(ONE_REQUEST));
            slices.push(run(TRANSACTION));
        }
    }
    closed::head();
    closed::row("a transaction a slice", &slices);
    closed::row("a transaction a request", &requests);
    let name = |figure| format!("{figure}, slice / request");
    closed::ratio(&name("CPU per request"), &slices, &requests, Outcome::cpu_us);
    closed::ratio(&name("requests/s"), &slices, &requests, |outcome| outcome.rate);
}
