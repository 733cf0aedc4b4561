//! What each cell used: one table a ranking.

use crate::measure::Measurement;

use super::figures::{Figure, MeasuredCell, Unit, Value, named};
use super::number::with_interval;
use super::position::Position;
use super::ranking::Ranking;
use super::table::Table;

/// The figures that are shown, in order.
const SHOWN: [&Figure; 16] = [
    named("server_cpu_us_per_req"),
    named("db_cpu_us_per_req"),
    named("loader_cpu_us_per_req"),
    named("server_rss_mib"),
    named("server_switches_per_req"),
    named("server_threads"),
    named("server_files"),
    named("db_queries_per_req"),
    named("db_rows_per_req"),
    named("db_prepares_per_req"),
    named("db_hidden_per_req"),
    named("db_connections"),
    named("stolen"),
    named("other_work"),
    named("load_cpu_share"),
    named("bottleneck"),
];

/// The cells of a ranking, in the run's order. A figure that is not there is a dash.
pub(super) fn table(measurements: &[Measurement], ranking: &Ranking) -> Table {
    let headings: Vec<String> = ["server", "load"]
        .map(str::to_owned)
        .into_iter()
        .chain(SHOWN.iter().map(|figure| figure.heading()))
        .collect();
    let mut table = Table::new(&headings);
    let is_shown = |m: &&Measurement| {
        ranking.has(&m.scenario, &m.load) && ranking.rows.iter().any(|row| row.server == m.server)
    };
    for measurement in measurements.iter().filter(is_shown) {
        // No figure of a position is shown.
        let position = Position::default();
        // Counts stand in the ranking.
        let figures = measurement.figures.as_ref();
        let cell = figures.map(|figures| MeasuredCell { figures, position, counted: None });
        let mut row = vec![measurement.server.clone(), measurement.load.clone()];
        row.extend(SHOWN.iter().map(|figure| {
            let value = cell.as_ref().and_then(|cell| figure.value(cell));
            value.map_or_else(|| "–".to_owned(), |value| text(value, figure.unit))
        }));
        table.row(row);
    }
    table
}

fn text(value: Value, unit: Unit) -> String {
    match value {
        Value::Estimate(estimate) => with_interval(&estimate),
        Value::Number(number) => unit.text(number),
        Value::Word(word) => word,
    }
}
