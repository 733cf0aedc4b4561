//! A cell's figures in the export.

use schemars::JsonSchema;
use serde::Serialize;

use super::rounded;
use crate::measure::Figures;
use crate::report::position::Position;
use crate::stats::Estimate;

/// The figures of a cell.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CellFigures {
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
    /// The load's; absent where the server drove itself.
    loader_cpu_us_per_req: Option<Figure>,
    /// The server's anonymous memory, in MiB: the largest reading of all trials.
    server_rss_mib: f64,
    /// What was saturated in most trials: `server`, `database`, `load`, several joined by ` + `, `pool?`, `none` or
    /// `unknown`. `pool?` is inferred: no CPU was saturated, and there were more users than connections, so requests
    /// may have waited for one.
    bottleneck: String,
    /// The load's share of its CPUs' time, in the worst trial; 1 is all of it. Absent where the server drove itself.
    load_cpu_share: Option<f64>,
    /// Of an open load: the 99th percentile of how late it was by its own doing, in microseconds, in the worst trial.
    own_lateness_p99_us: Option<f64>,
    /// Of an open load: right answers within the window over requests due in it, in the worst trial.
    achieved: Option<f64>,
    /// How far rate × mean response is from the mean number of requests in the system, as a fraction, in the worst trial.
    littles_law_residual: f64,
    /// The server's context switches per right answer.
    server_switches_per_req: Option<Figure>,
    /// Those of them in which it had to give up its CPU.
    server_involuntary_switches_per_req: Option<Figure>,
    /// Its threads: the largest number of all trials.
    server_threads: Option<f64>,
    /// Its open file descriptors: likewise.
    server_files: Option<f64>,
    /// The largest part of any window that a quota of its own kept the server from running.
    server_throttled: Option<f64>,
    /// The database's context switches per right answer.
    db_switches_per_req: Option<Figure>,
    /// The database's anonymous memory, in MiB: the largest reading of all trials.
    db_rss_mib: Option<f64>,
    /// The load's: likewise.
    loader_rss_mib: Option<f64>,
    /// The largest part of any window that a quota on all parts together kept them from running.
    throttled: Option<f64>,
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
    /// The server's part of its CPUs' time; 1 is all of it.
    server_cpu_share: Option<Figure>,
    /// The database's part of its own.
    db_cpu_share: Option<Figure>,
    /// The tier, from 1: of contenders, in the load whose figure orders them.
    tier: Option<usize>,
    /// Of a closed load: goodput over that of the ceiling without a database. A lower bound where goodput is one, an
    /// upper bound where the ceiling's is, and absent where both are.
    goodput_of_null: Option<f64>,
    /// Goodput over that of the ceiling that is the server's layer alone; likewise.
    goodput_of_alone: Option<f64>,
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

impl CellFigures {
    pub(super) fn of(f: &Figures, standing: Position) -> CellFigures {
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
            loader_cpu_us_per_req: f.load_cpu.and_then(figure),
            server_rss_mib: rounded(f.server_rss),
            bottleneck: f.limit.name(),
            load_cpu_share: f.load.cpu_share.map(rounded),
            own_lateness_p99_us: f.load.own_lateness_p99.map(rounded),
            achieved: f.load.achieved.map(rounded),
            littles_law_residual: rounded(f.load.littles_law_residual),
            server_switches_per_req: resources.server.switches.and_then(figure),
            server_involuntary_switches_per_req: resources.server.involuntary.and_then(figure),
            server_threads: resources.server.threads,
            server_files: resources.server.files,
            server_throttled: resources.server.throttled.map(rounded),
            db_switches_per_req: resources.db.switches.and_then(figure),
            db_rss_mib: resources.db.memory_mib.map(rounded),
            loader_rss_mib: resources.load.memory_mib.map(rounded),
            throttled: resources.throttled.map(rounded),
            stolen: resources.stolen.map(rounded),
            db_queries_per_req: resources.queries.and_then(figure),
            db_prepares_per_req: resources.prepares.and_then(figure),
            db_rows_per_req: resources.rows.and_then(figure),
            db_hidden_per_req: resources.hidden.and_then(figure),
            db_connections: resources.connections,
            server_cpu_share: resources.server.cpu_share.and_then(figure),
            db_cpu_share: resources.db.cpu_share.and_then(figure),
            tier: standing.tier,
            goodput_of_null: standing.of_null.map(|part| rounded(part.part)),
            goodput_of_alone: standing.of_alone.map(|part| rounded(part.part)),
        }
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
