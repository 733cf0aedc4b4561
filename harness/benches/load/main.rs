//! `make bench-load`: measures what the load costs and how true its times are, beside other generators.
//!
//! A server runs on one CPU and a load generator on another, one at a time, alternating. The others are wrk, ab and
//! oha, where they are on the PATH, Goose's own client, and a bare epoll loop that only sends and receives. Arguments
//! (`closed`, `slice`, `parse`, `open`, `stall`, `delay`) select what is measured. Two are measured only if selected:
//! `profile` shows where the load's time goes, and `against PROGRAM [PAIRS]` compares the cost of this load with that of
//! another stackmark program.

#![allow(clippy::unwrap_used)] // A benchmark that cannot set itself up ends there.

mod against;
mod closed;
mod delay;
mod delay_server;
mod floor;
mod goose_client;
mod median;
mod open;
mod open_peer;
mod ours;
mod parse;
mod peer;
mod profile;
mod said;
mod sample;
mod server;
mod slice;
mod stall;
mod witness;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        // This program is also one of the processes that are measured.
        ["--floor", address, users, seconds] => floor::run(address, users, seconds),
        ["--goose-client", address, users, seconds] => goose_client::run(address, users, seconds),
        ["--delay-server", address, ref delays @ ..] => delay_server::serve(address, delays),
        ["--witness"] => witness::run(),
        ["against", other] => against::measure(other, against::PAIRS),
        ["against", other, pairs] => against::measure(other, pairs.parse().unwrap()),
        ref chosen => {
            let wanted = |name: &str| chosen.is_empty() || chosen.contains(&name);
            if wanted("closed") {
                closed::measure();
            }
            if wanted("slice") {
                slice::measure();
            }
            if wanted("parse") {
                parse::measure();
            }
            if wanted("open") {
                open::measure();
            }
            if wanted("stall") {
                stall::measure();
            }
            if wanted("delay") {
                delay::measure();
            }
            // The profile runs only if selected, because it needs perf and the right to sample the kernel.
            if chosen.contains(&"profile") {
                profile::measure();
            }
        }
    }
}
