//! Measures whether the suite's verdicts are right, by whole runs of `stackmark run`:
//!
//! - Of 40 comparisons of a server with itself under another name, how many call the two different?
//! - Of 10 comparisons with the same server that burns 5% more CPU time per request, how many call that one costlier?
//!
//! With the argument `count`, whether `stackmark count` finds 2% more instructions is measured instead.
//!
//! The runs are kept under `.stackmark/truth`, by commit, so that an interrupted measurement continues where it was,
//! and the answers can be computed again.

mod count;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use stackmark::compare::{self, Verdict};
use stackmark::format::folder::{self, Raw};
use stackmark::format::journal::Entry;
use stackmark::measure::block::Metric;
use stackmark::measure::measurements;

const SAME: usize = 40;
const BURNING: usize = 10;
const BURNT: f64 = 0.05;
/// The number of blocks that `quick` has.
const SAME_BLOCKS: u32 = 8;
/// More blocks than `quick` has: on a shared host, 8 blocks find 5% in only three of four runs.
const BURNING_BLOCKS: u32 = 16;
const SCENARIO: &str = "demo";
const LOAD: &str = "closed-64";
/// The name in the `servers.toml` beside this file; a run creates the twin.
const SERVER: &str = "axum-mysql-async";
const TWIN: &str = "axum-mysql-async.twin";
const BURNER: &str = "burning";

fn main() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    if std::env::args().any(|argument| argument == "count") {
        return count::measure(root);
    }
    let began = Instant::now();
    // 5% of the CPU time that the server itself needs here, as the first run measures it.
    let mut burn_ns = 0;
    let mut same = Tally::default();
    let mut burning = Tally::default();
    let mut burners_twin = Tally::default();
    for number in 1..=SAME - BURNING {
        let raw = run(root, &format!("same-{number:02}"), &format!("^{SERVER}$"), SAME_BLOCKS, 0);
        if number == 1 {
            burn_ns = (BURNT * 1e3 * cpu(&raw, SERVER)).round() as u64;
        }
        same.add(&raw, SERVER, TWIN);
    }
    for number in 1..=BURNING {
        let raw = run(root, &format!("burning-{number:02}"), ".", BURNING_BLOCKS, burn_ns);
        same.add(&raw, SERVER, TWIN);
        burning.add(&raw, SERVER, BURNER);
        burners_twin.add(&raw, TWIN, BURNER);
    }
    println!(
        "\n{} runs, {} min in this sitting; {burn_ns} ns burnt a request\n",
        SAME,
        began.elapsed().as_secs() / 60
    );
    println!(
        "| comparison of server CPU per request | different, costlier | different, cheaper | equivalent within 3% | undecided | ratios: least, median, largest |\n|---|---|---|---|---|---|"
    );
    same.print("the same server twice");
    burning.print("5% burnt / the server");
    burners_twin.print("5% burnt / the server's twin");
}

/// The verdicts of a comparison, and their ratios.
#[derive(Default)]
struct Tally {
    costlier: usize,
    cheaper: usize,
    equivalent: usize,
    undecided: usize,
    ratios: Vec<f64>,
}

impl Tally {
    /// Adds the comparison of `second`'s CPU time per request with `first`'s.
    fn add(&mut self, raw: &Raw, first: &str, second: &str) {
        let comparison = compare::within(raw, (SCENARIO, LOAD), second, first, Metric::ServerCpu)
            .expect("both servers were measured in every block");
        let ratio = comparison.ratio.mean;
        self.ratios.push(ratio);
        *match comparison.verdict {
            Verdict::Different if ratio > 1.0 => &mut self.costlier,
            Verdict::Different => &mut self.cheaper,
            Verdict::Equivalent => &mut self.equivalent,
            Verdict::Undecided => &mut self.undecided,
        } += 1;
    }

    fn print(mut self, what: &str) {
        self.ratios.sort_by(f64::total_cmp);
        let at = |part: f64| self.ratios[((self.ratios.len() - 1) as f64 * part) as usize];
        println!(
            "| {what} ({}) | {} | {} | {} | {} | {:.3}, {:.3}, {:.3} |",
            self.ratios.len(),
            self.costlier,
            self.cheaper,
            self.equivalent,
            self.undecided,
            at(0.0),
            at(0.5),
            at(1.0)
        );
    }
}

/// Runs `quick` with filters; a run that is already complete is only read.
fn run(root: &Path, name: &str, servers: &str, blocks: u32, burn_ns: u64) -> Raw {
    let out = root.join(".stackmark/truth").join(commit(root)).join(name);
    let before = folder::read(&out).ok();
    if let Some(raw) = before.as_ref().filter(|raw| raw.entries.contains(&Entry::Finished)) {
        return raw.clone();
    }
    let registry = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/truth/servers.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackmark"));
    command.current_dir(root).arg("run").arg("--registry").arg(registry);
    command.env("BURN_NS", burn_ns.to_string());
    if before.is_some() {
        command.arg("--resume").arg(&out);
    } else {
        command.args(["--profile", "quick", "-l", LOAD, "-s", servers]);
        command.args(["--blocks", &blocks.to_string()]).arg("--out").arg(&out);
    }
    let output = command.output().expect("stackmark can be started");
    let output_text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        // A run in which a server failed is complete, but useless here.
        if output.status.code() == Some(1) {
            let _ = fs::remove_dir_all(&out);
        }
        panic!("{name}: {}: {}", output.status, output_text.lines().last().unwrap_or_default());
    }
    eprintln!("{name}");
    folder::read(&out).expect("a run that succeeded can be read")
}

/// The commit of the checkout: runs of another commit do not count.
fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(root).args(arguments).output();
        String::from_utf8_lossy(&output.expect("git can be started").stdout).trim().to_owned()
    };
    let changed = git(&["status", "--porcelain", "--", ".", ":!results", ":!README.md"]);
    assert!(changed.is_empty(), "the checkout differs from its commit; commit first:\n{changed}");
    git(&["rev-parse", "--short=12", "HEAD"])
}

/// The server CPU time per request in microseconds.
fn cpu(raw: &Raw, server: &str) -> f64 {
    let measured = measurements(raw);
    let of_server = measured.iter().find(|measurement| measurement.server == server);
    let figures = of_server.and_then(|m| m.figures.as_ref()).expect("it was measured");
    figures.server_cpu.expect("its CPU time was read at the ends of its windows").mean
}
