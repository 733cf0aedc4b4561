//! `summary.json`: every figure of a run with its interval, for programs. The same figures with the same digits
//! as `summary.csv`, which has the means.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::definition::server::{DatabaseLabel, Role};
use crate::format::folder::Raw;
use crate::format::journal::Entry;
use crate::measure::warning::Warning;
use crate::measure::{Figures, Measurement};
use crate::stats::Estimate;

/// The version of the export; it changes when a program that reads it must.
pub const VERSION: u32 = 1;

/// A run of Stackmark: what was measured, on what, and every figure with its 95% interval.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Stackmark summary")]
struct Summary {
    /// The version of this format.
    schema: u32,
    /// What was asked of the run.
    run: Run,
    /// What the run ran on: facts by name. Which there are depends on the machine.
    machine: BTreeMap<String, serde_json::Value>,
    /// Who was measured.
    servers: Vec<Server>,
    /// Each server in each scenario under each load.
    cells: Vec<Cell>,
}

/// What was asked of the run.
#[derive(Debug, Serialize, JsonSchema)]
struct Run {
    /// The name of the run's folder.
    name: String,
    /// When it began, UTC.
    began: String,
    /// The machine's CPU and how many cores of it.
    label: String,
    /// The profile's name.
    profile: String,
    /// What started, limited and observed the servers.
    backend: String,
    /// What orders and requests were drawn from: decimal digits, as it may exceed 2^53.
    seed: String,
    /// How many passes over all cells were planned.
    blocks: u32,
    /// Each server's database connections.
    pool_size: u32,
    /// Which CPUs had which part: `server`, `db` and `load`, each like `0-3+8`.
    cpus: BTreeMap<&'static str, String>,
    /// The open loads' common rate, in requests per second, if there was one.
    common_rate_rps: Option<f64>,
    /// Whether it came to its end.
    finished: bool,
}

/// A server and what it is made of.
#[derive(Debug, Serialize, JsonSchema)]
struct Server {
    /// Its name.
    name: String,
    /// What it is there for: `contender`, `ceiling` or `control`.
    #[schemars(with = "String")]
    role: Role,
    /// The programming language.
    language: String,
    /// The web framework.
    framework: String,
    /// The data layer.
    layer: String,
    /// What runs its concurrency.
    runtime: String,
    /// The database it queries, or `none`.
    #[schemars(with = "String")]
    database: DatabaseLabel,
    /// Of a twin: the server that it is under another name.
    twin_of: Option<String>,
    /// Whether it asked its layer by itself, without HTTP.
    drives_itself: bool,
    /// What its version command printed; absent if it was never verified.
    version: Option<String>,
}

/// One server in one scenario under one load.
#[derive(Debug, Serialize, JsonSchema)]
struct Cell {
    /// Which server.
    server: String,
    /// Which scenario.
    scenario: String,
    /// Which load.
    load: String,
    /// Whether the load is open: requests are due at their times, whether answers come or not.
    open: bool,
    /// How many users the load has.
    users: u32,
    /// How many trials came to their end.
    trials: usize,
    /// Errors of all trials.
    errors: u64,
    /// What the trials say; absent where fewer than two have figures.
    figures: Option<CellFigures>,
    /// What a reader must know.
    warnings: Vec<Told>,
}

/// The figures of a cell.
#[derive(Debug, Serialize, JsonSchema)]
struct CellFigures {
    /// Right answers per second.
    goodput_rps: Option<Figure>,
    /// Whether goodput is only a lower bound: something other than the server was the limit.
    goodput_is_lower_bound: bool,
    /// Of an open load: microseconds from due to the last byte that half of the requests do not exceed.
    /// A percentile that falls among requests without a right answer is absent, as is one that rests on few.
    p50_us: Option<Figure>,
    /// Likewise, nine tenths.
    p90_us: Option<Figure>,
    /// Likewise, 99 in 100.
    p99_us: Option<Figure>,
    /// Likewise, 999 in 1,000.
    p999_us: Option<Figure>,
    /// Likewise, the longest right answer of all trials: an observation, and no estimate.
    max_us: Option<f64>,
    /// The server's CPU time per right answer, in microseconds.
    server_cpu_us_per_req: Option<Figure>,
    /// The database's; absent if it was not observed.
    db_cpu_us_per_req: Option<Figure>,
    /// The load's.
    loader_cpu_us_per_req: Option<Figure>,
    /// The server's anonymous memory, in MiB: the largest reading of all trials.
    server_rss_mib: f64,
    /// What was saturated in most trials: `server`, `database`, `load`, several joined by ` + `, `pool`, `none` or `unknown`.
    bottleneck: String,
    /// The load's share of its CPUs' time, in the worst trial; 1 is all of it.
    load_cpu_share: f64,
    /// Of an open load: the 99th percentile of how late it was by its own doing, in microseconds, in the worst trial.
    own_lateness_p99_us: Option<f64>,
    /// Of an open load: right answers within the window over requests due in it, in the worst trial.
    achieved: Option<f64>,
    /// How far rate × mean response is from the mean number of requests in the system, as a fraction, in the worst trial.
    littles_law_residual: f64,
    /// The server's context switches per right answer.
    server_switches_per_req: Option<Figure>,
    /// Its threads: the largest number of all trials.
    server_threads: Option<f64>,
    /// Its open file descriptors: likewise.
    server_files: Option<f64>,
    /// The largest part of any window that a quota of its own kept the server from running.
    server_throttled: Option<f64>,
    /// The largest part of any window that the host took from the CPUs of any part.
    stolen: Option<f64>,
    /// SELECT statements that the database counted, per request that was sent, from the load's start to its drain.
    db_queries_per_req: Option<Figure>,
    /// Statements prepared, likewise.
    db_prepares_per_req: Option<Figure>,
    /// Look-ups through an index and rows read, likewise.
    db_rows_per_req: Option<Figure>,
    /// Pings, resets and other round trips that no one asked for, likewise.
    db_hidden_per_req: Option<Figure>,
    /// The server's connections to the database: the largest number of all trials.
    db_connections: Option<f64>,
}

/// An estimate over blocks, with its two-sided 95% confidence interval.
#[derive(Debug, Serialize, JsonSchema)]
struct Figure {
    /// The mean; of times, the geometric mean.
    estimate: f64,
    /// The interval's lower end; absent if it is beyond all numbers.
    lo: Option<f64>,
    /// The interval's upper end; likewise.
    hi: Option<f64>,
    /// How many values it rests on.
    count: usize,
}

/// A warning.
#[derive(Debug, Serialize, JsonSchema)]
struct Told {
    /// Which one, for programs.
    kind: &'static str,
    /// The same in words.
    text: String,
}

/// The file's text.
///
/// # Errors
/// When it cannot be encoded.
pub fn json(raw: &Raw, measurements: &[Measurement]) -> anyhow::Result<String> {
    let machine = serde_json::to_value(&raw.machine)?;
    let summary = Summary {
        schema: VERSION,
        run: run(raw),
        machine: serde_json::from_value(sorted(machine))?,
        servers: servers(raw),
        cells: measurements.iter().map(|measurement| cell(raw, measurement)).collect(),
    };
    Ok(serde_json::to_string_pretty(&summary)? + "\n")
}

/// The published JSON Schema of the export.
///
/// # Errors
/// When it cannot be encoded.
pub fn schema() -> anyhow::Result<String> {
    // What is written has every member, be it null.
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Summary>();
    Ok(serde_json::to_string_pretty(&sorted(schema.to_value()))? + "\n")
}

/// In the order of names: other crates may ask serde_json to keep the order of insertion.
fn sorted(mut value: serde_json::Value) -> serde_json::Value {
    value.sort_all_objects();
    value
}

fn run(raw: &Raw) -> Run {
    let run = &raw.run;
    Run {
        name: raw.name.clone(),
        began: run.began.clone(),
        label: run.label.clone(),
        profile: run.profile.clone(),
        backend: run.backend.clone(),
        seed: run.seed.to_string(),
        blocks: run.blocks,
        pool_size: run.pool_size,
        cpus: BTreeMap::from([
            ("server", run.cpus.server.to_string()),
            ("db", run.cpus.db.to_string()),
            ("load", run.cpus.load.to_string()),
        ]),
        common_rate_rps: raw.entries.iter().find_map(|entry| match entry {
            Entry::CommonRate { rate } => Some(rounded(rate.0)),
            _ => None,
        }),
        finished: raw.entries.contains(&Entry::Finished),
    }
}

fn servers(raw: &Raw) -> Vec<Server> {
    let version = |name: &str| {
        raw.entries.iter().find_map(|entry| match entry {
            Entry::Verified { server, version } if server == name => Some(version.clone()),
            _ => None,
        })
    };
    let servers = raw.run.server.iter().map(|server| Server {
        name: server.name.clone(),
        role: server.role,
        language: server.labels.language.clone(),
        framework: server.labels.framework.clone(),
        layer: server.labels.layer.clone(),
        runtime: server.labels.runtime.clone(),
        database: server.labels.database,
        twin_of: server.twin_of.clone(),
        drives_itself: server.drives_itself,
        version: version(&server.name),
    });
    servers.collect()
}

fn cell(raw: &Raw, m: &Measurement) -> Cell {
    let told = |warning: &Warning| Told { kind: warning.kind(), text: warning.to_string() };
    let users = raw.run.cell.iter().find(|cell| cell.load.name == m.load);
    Cell {
        server: m.server.clone(),
        scenario: m.scenario.clone(),
        load: m.load.clone(),
        open: m.open,
        users: users.map_or(0, |cell| cell.load.users),
        trials: m.trials,
        errors: m.errors,
        figures: m.figures.as_ref().map(figures),
        warnings: m.warnings.iter().map(told).collect(),
    }
}

fn figures(f: &Figures) -> CellFigures {
    let (response, resources) = (f.response.as_ref(), &f.resources);
    CellFigures {
        goodput_rps: figure(f.goodput),
        goodput_is_lower_bound: f.lower_bound,
        p50_us: response.and_then(|response| figure(response.p50?)),
        p90_us: response.and_then(|response| figure(response.p90?)),
        p99_us: response.and_then(|response| figure(response.p99?)),
        p999_us: response.and_then(|response| figure(response.p999?)),
        max_us: response.map(|response| rounded(response.max)),
        server_cpu_us_per_req: figure(f.server_cpu),
        db_cpu_us_per_req: f.db_cpu.and_then(figure),
        loader_cpu_us_per_req: figure(f.load_cpu),
        server_rss_mib: rounded(f.server_rss),
        bottleneck: f.limit.name(),
        load_cpu_share: rounded(f.load.cpu_share),
        own_lateness_p99_us: f.load.own_lateness_p99.map(rounded),
        achieved: f.load.achieved.map(rounded),
        littles_law_residual: rounded(f.load.littles_law_residual),
        server_switches_per_req: resources.server.switches.and_then(figure),
        server_threads: resources.server.threads,
        server_files: resources.server.files,
        server_throttled: resources.server.throttled.map(rounded),
        stolen: resources.stolen.map(rounded),
        db_queries_per_req: resources.queries.and_then(figure),
        db_prepares_per_req: resources.prepares.and_then(figure),
        db_rows_per_req: resources.rows.and_then(figure),
        db_hidden_per_req: resources.hidden.and_then(figure),
        db_connections: resources.connections,
    }
}

/// Absent where there is no number: JSON has no infinity.
fn figure(estimate: Estimate) -> Option<Figure> {
    let end = |end: f64| end.is_finite().then(|| rounded(end));
    estimate.mean.is_finite().then(|| Figure {
        estimate: rounded(estimate.mean),
        lo: end(estimate.lo),
        hi: end(estimate.hi),
        count: estimate.count,
    })
}

/// To three decimals: beyond them machines may differ in their logarithms.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
