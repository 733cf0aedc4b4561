//! Parts of a run: what a study is about, or a group of its servers. What is compared in a part does not depend on the rest.

use crate::definition::cell::Cell;
use crate::definition::server::RunServer;
use crate::definition::study::RunStudy;
use crate::format::folder::Raw;
use crate::format::journal::Entry;

/// The part of a run that answers a study's question: its servers, its twins among them, and its cells.
#[must_use]
pub(super) fn part(raw: &Raw, study: &RunStudy) -> Raw {
    restricted(
        raw,
        |server| study.has_server(&server.name),
        |cell| study.has_cell(&cell.scenario.name, &cell.load.name),
    )
}

/// The run as if it had been asked for some servers and cells only.
pub(super) fn restricted(
    raw: &Raw,
    has_server: impl Fn(&RunServer) -> bool,
    has_cell: impl Fn(&Cell) -> bool,
) -> Raw {
    let mut run = raw.run.clone();
    run.server.retain(has_server);
    run.cell.retain(has_cell);
    let is_server = |name: &str| run.server.iter().any(|server| server.name == name);
    let is_cell = |scenario: &str, load: &str| {
        run.cell.iter().any(|cell| cell.scenario.name == scenario && cell.load.name == load)
    };
    let has_entry = |entry: &&Entry| match entry {
        Entry::Trial(trial) => is_server(&trial.server) && is_cell(&trial.scenario, &trial.load),
        Entry::Failure(failure) => is_server(&failure.server),
        Entry::Verified { server, .. } | Entry::Started { server, .. } => is_server(server),
        _ => true,
    };
    let entries = raw.entries.iter().filter(has_entry).cloned().collect();
    Raw {
        name: raw.name.clone(),
        machine: raw.machine.clone(),
        run,
        entries,
        counts: raw.counts.clone(),
    }
}
