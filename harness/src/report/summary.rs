//! `summary.csv`: one row a cell.

use crate::measure::{Figures, Measurement, Response};
use crate::stats::Estimate;

use super::export::rounded;
use super::position::{Position, Share};
use super::ranking::Ranking;

/// The columns, in this order.
const COLUMNS: [&str; 45] = [
    "server",
    "scenario",
    "load",
    "trials",
    "goodput_rps",
    "goodput_lo",
    "goodput_hi",
    "p50_us",
    "p90_us",
    "p99_us",
    "p999_us",
    "max_us",
    "errors",
    "server_cpu_us_per_req",
    "db_cpu_us_per_req",
    "loader_cpu_us_per_req",
    "server_rss_mib",
    "bottleneck",
    "warnings",
    "goodput_is_lower_bound",
    "load_cpu_share",
    "own_lateness_p99_us",
    "achieved",
    "littles_law_residual",
    "intervals",
    "server_switches_per_req",
    "server_involuntary_switches_per_req",
    "server_threads",
    "server_files",
    "server_throttled",
    "db_switches_per_req",
    "db_rss_mib",
    "loader_rss_mib",
    "throttled",
    "stolen",
    "db_queries_per_req",
    "db_prepares_per_req",
    "db_rows_per_req",
    "db_hidden_per_req",
    "db_connections",
    "server_cpu_share",
    "db_cpu_share",
    "tier",
    "goodput_of_null",
    "goodput_of_alone",
];

/// The file's text.
///
/// # Errors
/// When it cannot be encoded.
pub fn csv(measurements: &[Measurement], rankings: &[Ranking]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for measurement in measurements {
        writer.write_record(row(measurement).into_iter().chain(standing(measurement, rankings)))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn row(m: &Measurement) -> Vec<String> {
    let figures = m.figures.as_ref();
    let of = |figure: &dyn Fn(&Figures) -> Option<f64>| {
        figures.and_then(figure).map(decimals).unwrap_or_default()
    };
    let time = |percentile: &dyn Fn(&Response) -> Option<Estimate>| {
        of(&|f| f.response.as_ref().and_then(percentile).map(|estimate| estimate.mean))
    };
    vec![
        m.server.clone(),
        m.scenario.clone(),
        m.load.clone(),
        m.trials.to_string(),
        of(&|f| Some(f.goodput.mean)),
        of(&|f| Some(f.goodput.lo)),
        of(&|f| Some(f.goodput.hi)),
        time(&|r| r.p50),
        time(&|r| r.p90),
        time(&|r| r.p99),
        time(&|r| r.p999),
        of(&|f| f.response.as_ref().map(|r| r.max)),
        m.errors.to_string(),
        of(&|f| Some(f.server_cpu.mean)),
        of(&|f| f.db_cpu.map(|cpu| cpu.mean)),
        of(&|f| f.load_cpu.map(|cpu| cpu.mean)),
        of(&|f| Some(f.server_rss)),
        figures.map(|f| f.limit.name()).unwrap_or_default(),
        m.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        figures.map(|f| f.lower_bound.to_string()).unwrap_or_default(),
        of(&|f| f.load.cpu_share),
        of(&|f| f.load.own_lateness_p99),
        of(&|f| f.load.achieved),
        of(&|f| Some(f.load.littles_law_residual)),
        figures.map(intervals).unwrap_or_default(),
        of(&|f| f.resources.server.switches.map(|switches| switches.mean)),
        of(&|f| f.resources.server.involuntary.map(|switches| switches.mean)),
        of(&|f| f.resources.server.threads),
        of(&|f| f.resources.server.files),
        of(&|f| f.resources.server.throttled),
        of(&|f| f.resources.db.switches.map(|switches| switches.mean)),
        of(&|f| f.resources.db.memory_mib),
        of(&|f| f.resources.load.memory_mib),
        of(&|f| f.resources.throttled),
        of(&|f| f.resources.stolen),
        of(&|f| f.resources.queries.map(|queries| queries.mean)),
        of(&|f| f.resources.prepares.map(|prepares| prepares.mean)),
        of(&|f| f.resources.rows.map(|rows| rows.mean)),
        of(&|f| f.resources.hidden.map(|hidden| hidden.mean)),
        of(&|f| f.resources.connections),
        of(&|f| f.resources.server.cpu_share.map(|share| share.mean)),
        of(&|f| f.resources.db.cpu_share.map(|share| share.mean)),
    ]
}

/// The last columns. A part of a ceiling's goodput is a lower bound where the cell's goodput is, and an upper one
/// where the ceiling's is.
fn standing(m: &Measurement, rankings: &[Ranking]) -> [String; 3] {
    let Position { tier, of_null, of_alone } = Position::of(m, rankings);
    let part = |part: Option<Share>| part.map(|part| decimals(part.part)).unwrap_or_default();
    [tier.map(|tier| tier.to_string()).unwrap_or_default(), part(of_null), part(of_alone)]
}

fn decimals(value: f64) -> String {
    format!("{:.3}", rounded(value))
}

/// The other columns' 95% intervals, as `name=lo..hi` set apart by spaces.
fn intervals(f: &Figures) -> String {
    let time = |percentile: &dyn Fn(&Response) -> Option<Estimate>| {
        f.response.as_ref().and_then(percentile)
    };
    let all = [
        ("p50_us", time(&|r| r.p50)),
        ("p90_us", time(&|r| r.p90)),
        ("p99_us", time(&|r| r.p99)),
        ("p999_us", time(&|r| r.p999)),
        ("server_cpu_us_per_req", Some(f.server_cpu)),
        ("db_cpu_us_per_req", f.db_cpu),
        ("loader_cpu_us_per_req", f.load_cpu),
        ("server_switches_per_req", f.resources.server.switches),
        ("server_involuntary_switches_per_req", f.resources.server.involuntary),
        ("db_switches_per_req", f.resources.db.switches),
        ("db_queries_per_req", f.resources.queries),
        ("db_prepares_per_req", f.resources.prepares),
        ("db_rows_per_req", f.resources.rows),
        ("db_hidden_per_req", f.resources.hidden),
        ("server_cpu_share", f.resources.server.cpu_share),
        ("db_cpu_share", f.resources.db.cpu_share),
    ];
    let text = |(name, estimate): (&str, Option<Estimate>)| {
        let ends = |estimate: Estimate| [estimate.lo, estimate.hi].map(decimals).join("..");
        estimate.map(|estimate| format!("{name}={}", ends(estimate)))
    };
    all.into_iter().filter_map(text).collect::<Vec<_>>().join(" ")
}
