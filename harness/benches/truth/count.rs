//! Whether verdicts by counted instructions are right: in 60 rounds, each with requests of its own, a server is counted
//! twice, and the same server that executes 2% more instructions per request is counted once.
//!
//! Two counts are called different where their 95% intervals do not overlap.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use super::share::Share;

const ROUNDS: u64 = 60;
const MORE: f64 = 0.02;
/// Turns of the server's loop in the round that finds out what a turn costs.
const TRIED: u64 = 1_000;

/// Instructions per request.
#[derive(Clone, Copy)]
struct Count {
    mean: f64,
    lo: f64,
    hi: f64,
}

pub(super) fn measure(root: &Path) {
    let began = Instant::now();
    let (none, tried) = (count(root, 0, 0), count(root, 0, TRIED));
    let turn = (tried.mean - none.mean) / TRIED as f64;
    let turns = (MORE * none.mean / turn).round() as u64;
    println!(
        "a turn costs {turn:.3} instructions; {turns} turns are {:.0}% of {:.0}",
        100.0 * MORE,
        none.mean
    );
    let (mut different, mut found) = (Share::default(), Share::default());
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let [first, second, more] = [0, 0, turns].map(|turns| count(root, round, turns));
        different.add(first.hi < second.lo || second.hi < first.lo);
        found.add(first.hi < more.lo);
        ratios.push(more.mean / first.mean);
        eprintln!("round {round}: {:.0}, {:.0}, {:.0}", first.mean, second.mean, more.mean);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "{ROUNDS} rounds, {} min: different from itself in {different}; 2% more found in {found}; ratios {:.4} to {:.4}",
        began.elapsed().as_secs() / 60,
        ratios[0],
        ratios[ratios.len() - 1]
    );
}

/// Counts the server that burns so many turns, by `stackmark count`.
fn count(root: &Path, seed: u64, turns: u64) -> Count {
    let registry = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/truth/servers.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackmark"));
    command.current_dir(root).env("BURN_TURNS", turns.to_string()).arg("count");
    command.args(["--format", "json", "-s", "^burning$", "-c", "^demo$"]);
    command.args(["--seed", &seed.to_string()]).arg("--registry").arg(registry);
    let output = command.output().expect("stackmark can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}", said.lines().last().unwrap_or_default());
    let json: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    let estimate = &json["figures"][0]["instructions_per_req"];
    let number = |name: &str| estimate[name].as_f64().expect("the server was counted");
    Count { mean: number("mean"), lo: number("lo"), hi: number("hi") }
}
