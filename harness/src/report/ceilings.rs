//! How near each server comes to what none can beat: its layer without HTTP, and HTTP without a database. It tells
//! the price of the layer apart from that of the framework.

use crate::compare;
use crate::definition::server::Role;
use crate::format::folder::Raw;
use crate::measure::block::Metric;

use super::number::{self, with_interval};
use super::ranking::{Ranking, Row};
use super::table::Table;

/// A scenario's servers against their ceilings; absent where no ceiling has their layer.
pub(super) fn table(raw: &Raw, ranking: &Ranking) -> Option<Table> {
    let load = ranking.closed.as_deref()?;
    let mut table = Table::new(&[
        "server",
        "layer",
        "server CPU µs/req",
        "of it the layer alone",
        "server ÷ layer alone",
        "goodput, of the layer alone",
        "goodput, of HTTP alone",
    ]);
    let rows = ranking.rows.iter().filter(|row| row.role != Role::Ceiling);
    for (row, alone) in rows.filter_map(|row| Some((row, ranking.alone(row)?))) {
        let cpu = |row: &Row| row.capacity().map(|figures| with_interval(&figures.server_cpu));
        let pair = (ranking.scenario.as_str(), load);
        let ratio = compare::within(raw, pair, &row.server, &alone.server, Metric::ServerCpu);
        let part = |part: Option<f64>| part.map(|part| format!("{:.0}%", 100.0 * part));
        let cells = [
            cpu(row),
            cpu(alone),
            ratio.map(|comparison| number::ratio(&comparison.ratio)),
            part(row.of_alone),
            part(row.of_null),
        ];
        let mut text = vec![row.server.clone(), row.labels.layer.clone()];
        text.extend(cells.map(|cell| cell.unwrap_or_else(|| "–".into())));
        table.row(text);
    }
    (!table.rows().is_empty()).then_some(table)
}

/// What must be known to read the table.
pub(super) const LEGEND: &str = "The layer alone asks the same query without HTTP, in the same process and CPUs; what \
    a server needs beyond that is its framework's, and the kernel's for the connections. Where something other than \
    both servers was the limit, as the limits in the table above tell, the two last columns compare bounds.";
