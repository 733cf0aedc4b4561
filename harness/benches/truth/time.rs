//! Whether verdicts by CPU time are right: of servers that are the same one, and of one that burns 3%.
//!
//! A setting is recorded once, in a long run, and cut into disjoint runs of a quarter of an hour, which are then judged as
//! any run is: all pairs of a cell together, widened by what the twins show.

use std::path::{Path, PathBuf};
use std::process::Command;

use stackmark::compare::{Metric, Noise, Pairs, Verdict};
use stackmark::definition::cell::Cell;
use stackmark::format::folder::{self, Raw};
use stackmark::format::journal::Entry;
use stackmark::measure::measurements;
use stackmark::stats::Estimate;

use super::share::Share;

/// The share of the server's own CPU time that is burnt.
const BURNT: f64 = 0.03;
/// The disjoint runs of each setting.
const RUNS: u32 = 8;
const SCENARIO: &str = "demo";
const LOAD: &str = "closed-64";
const BURNER: &str = "burning";

/// What is recorded.
struct Setting {
    name: &'static str,
    /// The servers of `benches/truth/servers.toml`.
    servers: &'static str,
    /// The blocks of a quarter of an hour.
    blocks: u32,
    /// Options of `stackmark run`.
    options: &'static [&'static str],
}

const SETTINGS: [Setting; 2] = [
    Setting { name: "study", servers: ".", blocks: 12, options: &["--profile", "quick"] },
    Setting {
        name: "two-commits",
        servers: "^(copy-1|copy-2|burning)$",
        blocks: 28,
        options: &["--profile", "quick", "--rounds", "12", "-l", "closed-64"],
    },
];

pub(super) fn measure(root: &Path) {
    let folder = root.join(".stackmark/truth").join(super::commit(root));
    let burn_ns = burn_ns(root, &folder);
    println!("{burn_ns} ns burnt a request, {:.0}% of the server's own CPU time\n", 100.0 * BURNT);
    for setting in &SETTINGS {
        let blocks = setting.blocks * RUNS;
        let arguments = [setting.options, &["-s", setting.servers]].concat();
        let raw = record(root, &folder.join(setting.name), &arguments, blocks, burn_ns);
        let mut tally = Tally::default();
        for run in cut(&raw, setting.blocks) {
            tally.add(&run);
        }
        tally.print(setting);
    }
}

/// The nanoseconds that are the share to burn, as a short recording of the server itself shows.
fn burn_ns(root: &Path, folder: &Path) -> u64 {
    let arguments = ["--profile", "quick", "--rounds", "8", "-s", "^copy-1$", "-l", LOAD];
    let raw = record(root, &folder.join("burn"), &arguments, 4, 0);
    let measured = measurements(&raw);
    let of_server = measured.iter().find(|measurement| measurement.server == "copy-1");
    let figures = of_server.and_then(|m| m.figures.as_ref()).expect("it was measured");
    let cpu = figures.server_cpu.expect("its CPU time was read at the ends of its windows").mean;
    (BURNT * 1e3 * cpu).round() as u64
}

/// Makes a recording; one that is whole is only read.
fn record(root: &Path, out: &PathBuf, arguments: &[&str], blocks: u32, burn_ns: u64) -> Raw {
    let is_whole = |raw: &Raw| raw.entries.contains(&Entry::Finished);
    let before = folder::read(out).ok();
    if let Some(raw) = before.as_ref().filter(|raw| is_whole(raw)) {
        return raw.clone();
    }
    let registry = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/truth/servers.toml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackmark"));
    command.current_dir(root).env("BURN_NS", burn_ns.to_string());
    command.arg("run").arg("--registry").arg(registry);
    if before.is_some() {
        command.arg("--resume").arg(out);
    } else {
        command.args(arguments).args(["--blocks", &blocks.to_string()]).arg("--out").arg(out);
    }
    let status = command.stdout(std::process::Stdio::null()).status();
    let status = status.expect("stackmark can be started");
    assert!(status.success(), "{}: {status}; run this again to continue", out.display());
    folder::read(out).expect("a run that succeeded can be read")
}

/// The disjoint runs of `blocks` blocks that a recording holds.
fn cut(raw: &Raw, blocks: u32) -> impl Iterator<Item = Raw> + '_ {
    (0..raw.run.blocks / blocks).map(move |part| {
        let is_in = |entry: &&Entry| match entry {
            Entry::Trial(trial) => (trial.block - 1) / blocks == part,
            _ => true,
        };
        let mut run = raw.clone();
        run.entries = raw.entries.iter().filter(is_in).cloned().collect();
        for entry in &mut run.entries {
            if let Entry::Trial(trial) = entry {
                trial.block -= part * blocks;
            }
        }
        run.run.blocks = blocks;
        run
    })
}

/// What the runs of a setting found.
#[derive(Default)]
struct Tally {
    /// Pairs of servers that are the same which were called different.
    false_alarms: Share,
    /// Runs with such a pair.
    alarming_runs: Share,
    /// Pairs of the same whose 95% interval excludes 1.
    missed: Share,
    /// Pairs with the burner of which it was called the costlier one.
    found: Share,
    /// Runs in which it was called costlier than the first server.
    found_by_run: Share,
    /// Its ratios.
    ratios: Vec<f64>,
    /// What each run says that it resolves.
    resolutions: Vec<f64>,
}

impl Tally {
    fn add(&mut self, raw: &Raw) {
        let cell = |cell: &&Cell| cell.scenario.name == SCENARIO && cell.load.name == LOAD;
        let cell = raw.run.cell.iter().find(cell).expect("the cell was recorded");
        let metric = Metric::ServerCpu;
        let servers = raw.run.server.iter().filter(|server| server.twin_of.is_none());
        let servers: Vec<String> = servers.map(|server| server.name.clone()).collect();
        let pairs = Pairs::of(raw, cell, &servers, metric, Noise::of(raw, cell, metric));
        let mut alarm = false;
        for (a, b, comparison) in pairs.iter() {
            let Some(comparison) = comparison else { continue };
            if a == BURNER || b == BURNER {
                let ratio =
                    if a == BURNER { comparison.ratio.mean } else { 1.0 / comparison.ratio.mean };
                let is_found = comparison.verdict == Verdict::Different && ratio > 1.0;
                self.found.add(is_found);
                if a == "copy-1" || b == "copy-1" {
                    self.found_by_run.add(is_found);
                }
                self.ratios.push(ratio);
            } else {
                let is_false = comparison.verdict == Verdict::Different;
                alarm |= is_false;
                self.false_alarms.add(is_false);
                let Estimate { lo, hi, .. } = comparison.ratio;
                self.missed.add(lo > 1.0 || hi < 1.0);
            }
        }
        self.alarming_runs.add(alarm);
        self.resolutions.extend(pairs.resolution());
    }

    fn print(mut self, setting: &Setting) {
        let Setting { name, blocks, .. } = setting;
        println!("{name}: {RUNS} disjoint runs of {blocks} blocks");
        println!("| what | share (95% bounds, as if pairs were independent) |\n|---|---|");
        println!("| the same server called different | {} |", self.false_alarms);
        println!("| runs with such a pair | {} |", self.alarming_runs);
        println!("| 95% intervals of the same that exclude 1 | {} |", self.missed);
        println!("| 3% more found, pairs | {} |", self.found);
        println!("| 3% more found, runs, against one server | {} |", self.found_by_run);
        println!("| the burner's ratios: least, median, largest | {} |", spread(&mut self.ratios));
        println!("| what the runs say that they resolve | {} |\n", spread(&mut self.resolutions));
    }
}

fn spread(values: &mut [f64]) -> String {
    values.sort_by(f64::total_cmp);
    let [Some(least), Some(middle), Some(largest)] =
        [values.first(), values.get(values.len() / 2), values.last()]
    else {
        return "none".to_owned();
    };
    format!("{least:.3}, {middle:.3}, {largest:.3}")
}
