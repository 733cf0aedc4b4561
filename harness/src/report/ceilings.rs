//! How near each server comes to what none can beat: its layer without HTTP, and HTTP without a database. It tells
//! the price of the layer apart from that of the framework.

use crate::compare;
use crate::definition::Role;
use crate::format::folder::Raw;
use crate::measure::block::Metric;

use super::number::{self, with_interval};
use super::position::Share;
use super::ranking::{Ranking, Row};
use super::table::Table;

/// A scenario's servers against their ceilings; absent where it has none.
pub(super) fn table(raw: &Raw, ranking: &Ranking) -> Option<Table> {
    let load = ranking.closed.as_deref()?;
    let mut table = Table::new(&[
        "server",
        "layer",
        "server CPU µs/req",
        "of it the layer alone",
        "server ÷ layer alone",
        "server ÷ HTTP alone",
        "goodput, of the layer alone",
        "goodput, of HTTP alone",
    ]);
    for row in ranking.rows.iter().filter(|row| row.role != Role::Ceiling) {
        let (http, layer) = (ranking.http_alone(row), ranking.layer_alone(row));
        if layer.or(http).is_none() {
            continue;
        }
        let cpu = |row: &Row| row.capacity()?.server_cpu.as_ref().map(with_interval);
        let over = |ceiling: &Row| {
            let cell = (ranking.scenario.as_str(), load);
            let ratio = compare::within(raw, cell, &row.server, &ceiling.server, Metric::ServerCpu);
            ratio.map(|comparison| number::ratio(&comparison.ratio))
        };
        let part = |ceiling: &Row| Share::of(row, ceiling)?.text();
        let cells = [
            cpu(row),
            layer.and_then(cpu),
            layer.and_then(over),
            http.and_then(over),
            layer.and_then(part),
            http.and_then(part),
        ];
        let mut text = vec![row.server.clone(), row.axes.get("layer").to_owned()];
        text.extend(cells.map(|cell| cell.unwrap_or_else(|| "–".into())));
        table.row(text);
    }
    (!table.rows().is_empty()).then_some(table)
}

/// What must be known to read the table.
pub(super) const LEGEND: &str = "The layer alone asks the same query without HTTP, in the same process and CPUs. It \
    makes no JSON: what a server needs beyond it is its framework's, the JSON's, and the kernel's for the connections. \
    HTTP alone asks no database. (–): 95% intervals over blocks. Goodput: ≥ where only the server's is a lower bound, \
    ≤ where only the ceiling's is, and – where both are, since two bounds tell nothing.";
