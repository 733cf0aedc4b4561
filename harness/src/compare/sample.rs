//! The sample of one metric that a comparison uses: one server's values in one cell, block by block.

use crate::definition::cell::Cell;
use crate::definition::server::RunServer;
use crate::format::folder::Raw;
use crate::measure::block::{Blocks, Metric};

/// The values of one server in one cell.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) blocks: Blocks,
}

impl Sample {
    /// Collects the sample of the server of this name; `None` where the run has no such server, or the cell no such
    /// figure.
    pub(super) fn named(raw: &Raw, name: &str, cell: &Cell, metric: Metric) -> Option<Sample> {
        Sample::of(raw, server(raw, name)?, cell, metric)
    }

    /// Collects the sample; `None` where the cell has no such figure.
    pub(super) fn of(raw: &Raw, server: &RunServer, cell: &Cell, metric: Metric) -> Option<Sample> {
        Some(Sample { blocks: Blocks::of(raw, &server.name, cell, metric)? })
    }

    /// Whether the figure is only a lower bound.
    pub(super) fn is_bound(&self, metric: Metric) -> bool {
        metric == Metric::Goodput && self.blocks.lower_bound
    }
}

/// The run's server of this name.
pub(super) fn server<'a>(raw: &'a Raw, name: &str) -> Option<&'a RunServer> {
    raw.run.server.iter().find(|server| server.name == name)
}
