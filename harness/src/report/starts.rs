//! What each server needs to be there: a table of starts and sizes.

use crate::format::folder::Raw;
use crate::measure::starts::StartFigures;
use crate::stats::Estimate;

use super::number::with_interval;
use super::table::Table;

/// What must be known to read the table.
pub(super) const LEGEND: &str = "First answer: from the start of the process to its first right answer to a health check. Idle memory is read at that \
     answer, and memory at its peak is the largest in any window of a block; both are anonymous memory, and resident memory \
     has the pages of files too. ±: 95% intervals over starts. The program's size is that of its file as it was built, without \
     the libraries that it loads.";

/// The servers of a run in the registry's order; `None` where the run did not record its starts.
pub(super) fn table(raw: &Raw) -> Option<Table> {
    if !StartFigures::are_recorded(raw) {
        return None;
    }
    let all: Vec<(&str, StartFigures)> = raw
        .run
        .server
        .iter()
        .map(|server| (server.name.as_str(), StartFigures::of(raw, server)))
        .collect();
    let in_images = all.iter().any(|(_, figures)| figures.image.is_some());
    let mut table = Table::new(&[
        "server",
        "first answer ms",
        "idle memory MiB",
        "idle resident MiB",
        "memory at its peak MiB",
        if in_images { "image MiB" } else { "program MiB" },
    ]);
    for (server, figures) in all {
        let estimate = |estimate: Option<Estimate>| estimate.as_ref().map(with_interval);
        let size = if in_images { figures.image } else { figures.program };
        let cells = [
            estimate(figures.first_answer),
            estimate(figures.idle_memory),
            estimate(figures.idle_resident),
            estimate(figures.peak_memory),
            size.map(|size| format!("{size:.1}")),
        ];
        let mut row = vec![server.to_owned()];
        row.extend(cells.map(|cell| cell.unwrap_or_else(|| "–".to_owned())));
        table.row(row);
    }
    Some(table)
}
