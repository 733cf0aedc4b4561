//! `raw/run.toml`: what was asked of the run.

use serde::{Deserialize, Serialize};

use super::site::Site;
use crate::definition::DefinitionError;
use crate::definition::Registry;
use crate::definition::cell::Cell;
use crate::definition::server::RunServer;
use crate::definition::study::RunStudy;
use crate::os::placement::Placement;
use crate::plan::{Plan, Recorded};

/// What was asked of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunFile {
    /// The raw formats' version.
    pub format: u32,
    /// When it began, UTC, to the second.
    pub began: String,
    /// The machine's CPU and how many cores of it, never a host's name.
    pub label: String,
    /// The profile's name.
    pub profile: String,
    /// The backend's name.
    pub backend: String,
    /// What orders and requests were drawn from.
    pub seed: u64,
    /// How many passes over all cells were planned.
    pub blocks: u32,
    /// The database connections, in all, of each server that has no number of its own.
    pub pool_size: u32,
    /// Which CPUs had which part.
    pub cpus: Placement,
    /// Where the parts were; absent where they were processes of the harness's machine.
    #[serde(alias = "containers", skip_serializing_if = "Option::is_none", default)]
    pub site: Option<Site>,
    /// The questions that the run answers; empty in runs of before there were studies.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub study: Vec<RunStudy>,
    /// Who was measured, in the registry's order.
    pub server: Vec<RunServer>,
    /// What was measured of each.
    pub cell: Vec<Cell>,
}

impl RunFile {
    /// The run's plan: the same cells in the same order, of the servers that have those names now.
    ///
    /// # Errors
    /// When the registry lacks one of its servers.
    pub fn plan(&self, registry: &Registry) -> Result<Plan, DefinitionError> {
        let RunFile { seed, blocks, .. } = *self;
        let (studies, servers, cells) = (&self.study, &self.server, &self.cell);
        let profile = &self.profile;
        Plan::repeat(&Recorded { seed, profile, blocks, studies, servers, cells }, registry)
    }

    /// A server's database connections, in all.
    #[must_use]
    pub fn pool_size_of(&self, server: &RunServer) -> u32 {
        server.pool_size.unwrap_or(self.pool_size)
    }
}
