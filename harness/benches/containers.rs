//! Measures what containers cost. The same two servers, one with the database and one without, run as processes and
//! in three kinds of containers. Each round runs every way once, and rounds begin with different ways. Rounds are
//! compared in pairs, so that what a round does to all ways cancels.

use std::path::Path;
use std::process::Command;

use stackmark::format::folder;
use stackmark::measure::measurements;
use stackmark::os::placement::Placement;
use stackmark::stats::{geometric_mean, ratio};

const ROUNDS: usize = 5;
const SERVERS: [&str; 2] = ["axum-mysql-async", "null"];
/// The nearest image to the private database, though not the same version. The server without a database shows the
/// containers alone.
const MYSQL_IMAGE: &str = "mariadb:11.8";

/// The ways to run the servers: a name, and the arguments for `stackmark run`.
const WAYS: [(&str, &[&str]); 4] = [
    ("processes", &[]),
    (
        "containers, the machine's network, CPU sets",
        &["--backend", "docker", "--network", "host", "--no-quota"],
    ),
    (
        "containers, the machine's network, CPU sets and quotas",
        &["--backend", "docker", "--network", "host"],
    ),
    ("containers, a bridge, CPU sets and quotas", &["--backend", "docker"]),
];

/// The figures of one server in one run: microseconds of CPU per request, and requests per second.
#[derive(Clone, Copy)]
struct Figures {
    server: f64,
    load: f64,
    goodput: f64,
}

fn main() {
    // The figures by way and server, in the order of the rounds.
    let mut figures = vec![[const { Vec::<Figures>::new() }; SERVERS.len()]; WAYS.len()];
    for round in 0..ROUNDS {
        for turn in 0..WAYS.len() {
            let way = (round + turn) % WAYS.len();
            for (server, found) in run(way).into_iter().enumerate() {
                figures[way][server].push(found);
            }
            eprintln!("round {} of {ROUNDS}: {}", round + 1, WAYS[way].0);
        }
    }
    for (server, name) in SERVERS.iter().enumerate() {
        println!(
            "\n| {name} | server CPU µs/request | / the row above | / processes | load CPU / processes | goodput / processes |\n|---|---|---|---|---|---|"
        );
        for (way, (name, _)) in WAYS.iter().enumerate() {
            let own = &figures[way][server];
            let cpu = geometric_mean(&own.iter().map(|of| of.server).collect::<Vec<_>>());
            let cpu = cpu.expect("every way ran in every round");
            let over = |other: usize, figure: fn(&Figures) -> f64| {
                let others = &figures[other][server];
                let pairs: Vec<_> = own
                    .iter()
                    .zip(others)
                    .map(|(own, other)| (figure(own), figure(other)))
                    .collect();
                match ratio::paired(&pairs).map(|ratio| ratio.estimate()) {
                    Some(ratio) if other != way => {
                        format!("{:.3} ({:.3}–{:.3})", ratio.mean, ratio.lo, ratio.hi)
                    }
                    _ => "1".to_owned(),
                }
            };
            println!(
                "| {name} | {:.2} ({:.2}–{:.2}) | {} | {} | {} | {} |",
                cpu.mean,
                cpu.lo,
                cpu.hi,
                over(way.saturating_sub(1), |of| of.server),
                over(0, |of| of.server),
                over(0, |of| of.load),
                over(0, |of| of.goodput)
            );
        }
    }
}

/// Runs the closed load of `quick` for a short time.
fn run(way: usize) -> Vec<Figures> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let out = folder.path().join("run");
    let usable = Placement::usable().expect("the kernel says which CPUs there are");
    let cpus = Placement::by_size(&usable).to_string();
    let servers = format!("^({})$", SERVERS.join("|"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackmark"));
    command
        .current_dir(root)
        .env("MYSQL_IMAGE", MYSQL_IMAGE)
        // The bench has its own volumes, since the project's may hold another database's data.
        .env("COMPOSE_PROJECT_NAME", "stackmark-bench-containers")
        .args([
            "run",
            "--profile",
            "quick",
            "-c",
            "^demo$",
            "-l",
            "^closed-64$",
            "--blocks",
            "2",
            "-s",
            &servers,
        ])
        .args(WAYS[way].1)
        // The CPU sets are given, because backends divide a machine differently.
        .args(["--cpus", &cpus])
        .arg("--out")
        .arg(&out);
    let output = command.output().expect("stackmark can be started");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {message}", WAYS[way].0);
    let raw = folder::read(&out).expect("a run that succeeded can be read");
    let measured = measurements(&raw);
    let of = |name: &&str| {
        let found = measured.iter().find(|measurement| measurement.server == **name);
        let figures = found.and_then(|found| found.figures.as_ref()).expect("it was measured");
        Figures {
            server: figures.server_cpu.expect("its CPU time was read in time").mean,
            load: figures.load_cpu.expect("a load asked it").mean,
            goodput: figures.goodput.mean,
        }
    };
    SERVERS.iter().map(of).collect()
}
