//! Which loads of a scenario are ranked together.

use crate::definition::scenario::LoadKind;
use crate::format::folder::Raw;

/// The loads of one ranking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LoadPair {
    pub(super) closed: Option<String>,
    pub(super) open: Option<String>,
}

impl LoadPair {
    pub(super) fn names(&self) -> Vec<&str> {
        [&self.closed, &self.open].into_iter().flatten().map(String::as_str).collect()
    }

    pub(super) fn has(&self, load: &str) -> bool {
        self.names().contains(&load)
    }
}

/// A scenario's loads: its first closed load with its first open one, and so on, so that each is in a ranking.
pub(super) fn load_pairs(raw: &Raw, scenario: &str) -> Vec<LoadPair> {
    let loads = |open: bool| {
        let cells = raw.run.cell.iter().filter(move |cell| {
            let is_of_any = raw.run.server.iter().any(|server| raw.run.has(server, cell));
            cell.scenario.name == scenario
                && matches!(cell.load.kind, LoadKind::Open { .. }) == open
                && is_of_any
        });
        cells.map(|cell| cell.load.name.clone()).collect::<Vec<_>>()
    };
    let (closed, open) = (loads(false), loads(true));
    let count = closed.len().max(open.len());
    let pair = |place: usize| LoadPair {
        closed: closed.get(place).cloned(),
        open: open.get(place).cloned(),
    };
    (0..count).map(pair).collect()
}
