//! The settings of a run: `raw/run.toml`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::site::Site;
use crate::definition::DefinitionError;
use crate::definition::cell::Cell;
use crate::definition::server::RunServer;
use crate::definition::study::RunStudy;
use crate::definition::{Registry, Revision};
use crate::os::placement::Placement;
use crate::plan::{Plan, Recorded};

/// The settings of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunFile {
    /// The version of the raw formats.
    pub format: u32,
    /// The time when the run began, in UTC, to the second.
    pub began: String,
    /// The machine's CPU model and its number of CPUs, never a host name.
    pub label: String,
    /// The profile's name.
    pub profile: String,
    /// The backend's name.
    pub backend: String,
    /// The seed from which orders and requests are drawn.
    pub seed: u64,
    /// The number of planned blocks: so often each server is started.
    pub blocks: u32,
    /// The number of planned rounds in each block: passes over all cells. 1 in runs recorded before blocks had rounds.
    #[serde(default = "one")]
    pub rounds: u32,
    /// The number of database connections of each server that has no number of its own.
    pub pool_size: u32,
    /// The CPUs of each part.
    pub cpus: Placement,
    /// The site of the parts; absent where they were processes of the harness's machine.
    #[serde(alias = "containers", skip_serializing_if = "Option::is_none", default)]
    pub site: Option<Site>,
    /// The questions that the run answers; empty in runs recorded before there were studies.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub study: Vec<RunStudy>,
    /// The servers that were measured, in the registry's order.
    pub server: Vec<RunServer>,
    /// The cells in which each server was measured.
    pub cell: Vec<Cell>,
}

fn one() -> u32 {
    1
}

impl RunFile {
    /// Whether the run planned a cell of a server: the server can be measured under the cell's load, and a study has both.
    #[must_use]
    pub fn has(&self, server: &RunServer, cell: &Cell) -> bool {
        let is_asked = |study: &RunStudy| {
            study.has_server(&server.name) && study.has_cell(&cell.scenario.name, &cell.load.name)
        };
        cell.is_of(&server.answers, server.drives_itself)
            && (self.study.is_empty() || self.study.iter().any(is_asked))
    }

    /// The commits whose servers were compared, each once, by their full hashes; empty where the servers were those of the
    /// checkout.
    #[must_use]
    pub fn commits(&self) -> BTreeSet<&str> {
        self.server.iter().filter_map(|server| server.revision.as_deref()).collect()
    }

    /// The plan of this run: the same cells in the same order, for the servers that have the same names now in the
    /// registry, or in that of their commit.
    ///
    /// # Errors
    /// When a registry lacks one of its servers, or `revisions` one of its commits.
    pub fn plan(
        &self,
        registry: &Registry,
        revisions: &[Revision],
    ) -> Result<Plan, DefinitionError> {
        let RunFile { seed, blocks, rounds, .. } = *self;
        let (studies, servers, cells) = (&self.study, &self.server, &self.cell);
        let profile = &self.profile;
        let recorded = Recorded { seed, profile, blocks, rounds, studies, servers, cells };
        Plan::repeat(&recorded, registry, revisions)
    }

    /// A server's database connections, in all.
    #[must_use]
    pub fn pool_size_of(&self, server: &RunServer) -> u32 {
        server.pool_size.unwrap_or(self.pool_size)
    }
}
