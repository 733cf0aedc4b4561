//! What each cell used: one table a scenario.

use crate::measure::{Figures, Measurement};
use crate::stats::Estimate;

use super::number::with_interval;
use super::table::Table;

/// A column: its heading, and what it shows of a cell's figures.
type Column = (&'static str, fn(&Figures) -> Option<String>);

/// All columns, in order.
const COLUMNS: [Column; 15] = [
    ("server CPU µs/req", |figures| Some(with_interval(&figures.server_cpu))),
    ("database CPU µs/req", |figures| figures.db_cpu.as_ref().map(with_interval)),
    ("load CPU µs/req", |figures| each(figures.load_cpu)),
    ("server memory MiB", |figures| Some(format!("{:.1}", figures.server_rss))),
    ("server switches/req", |figures| each(figures.resources.server.switches)),
    ("server threads", |figures| count(figures.resources.server.threads)),
    ("server files", |figures| count(figures.resources.server.files)),
    ("queries/req", |figures| each(figures.resources.queries)),
    ("rows/req", |figures| each(figures.resources.rows)),
    ("prepares/req", |figures| each(figures.resources.prepares)),
    ("other round trips/req", |figures| each(figures.resources.hidden)),
    ("connections", |figures| count(figures.resources.connections)),
    ("taken by the host", |figures| {
        figures.resources.stolen.map(|part| format!("{:.1}%", 100.0 * part))
    }),
    ("load's share of its CPUs", |figures| {
        figures.load.cpu_share.map(|part| format!("{:.0}%", 100.0 * part))
    }),
    ("limit", |figures| Some(figures.limit.name())),
];

fn each(estimate: Option<Estimate>) -> Option<String> {
    estimate.as_ref().map(with_interval)
}

fn count(count: Option<f64>) -> Option<String> {
    count.map(|count| format!("{count:.0}"))
}

/// The cells of `scenario`, in the run's order. A figure that is not there is a dash.
pub(super) fn table(measurements: &[Measurement], scenario: &str) -> Table {
    let headings: Vec<&str> =
        ["server", "load"].into_iter().chain(COLUMNS.iter().map(|(name, _)| *name)).collect();
    let mut table = Table::new(&headings);
    for measurement in measurements.iter().filter(|m| m.scenario == scenario) {
        let mut row = vec![measurement.server.clone(), measurement.load.clone()];
        let figures = measurement.figures.as_ref();
        row.extend(
            COLUMNS.iter().map(|(_, of)| figures.and_then(of).unwrap_or_else(|| "–".into())),
        );
        table.row(row);
    }
    table
}
