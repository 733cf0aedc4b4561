//! `raw/run.toml`: what was asked of the run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::containers::Containers;
use crate::backend::{Backend, Kind, POOL_SIZE};
use crate::definition::server::{Labels, Role, Server};
use crate::placement::Placement;
use crate::plan::{Cell, Plan};

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
    /// Each server's database connections, in all.
    pub pool_size: u32,
    /// Which CPUs had which part.
    pub cpus: Placement,
    /// The containers that they were in; absent where the parts were mere processes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub containers: Option<Containers>,
    /// Who was measured, in the registry's order.
    pub server: Vec<RunServer>,
    /// What was measured of each.
    pub cell: Vec<Cell>,
}

/// A server as it was when the run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunServer {
    /// Its name.
    pub name: String,
    /// What it was there for.
    pub role: Role,
    /// What it was made of.
    pub labels: Labels,
    /// Of a twin: the server that it is under another name, so that the two show the run's own noise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub twin_of: Option<String>,
    /// Whether it asked its layer by itself: then it has only the cells that can be asked so.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub drives_itself: bool,
    /// The command that ran it, as the registry has it; a run of format 1 does not know.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub run: Vec<String>,
    /// What it had in its environment besides the contract's variables, as the registry has it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub env: BTreeMap<String, String>,
}

impl RunServer {
    /// Of a registry's entry.
    #[must_use]
    pub fn of(server: &Server) -> RunServer {
        RunServer {
            name: server.name.clone(),
            role: server.role,
            labels: server.labels.clone(),
            twin_of: server.twin_of.clone(),
            drives_itself: server.drives_itself,
            run: server.run.clone(),
            env: server.env.clone(),
        }
    }
}

impl RunFile {
    /// Of a plan, and a backend that has settled.
    #[must_use]
    pub fn new(
        plan: &Plan,
        began: String,
        label: String,
        kind: Kind,
        backend: &dyn Backend,
    ) -> RunFile {
        RunFile {
            format: super::VERSION,
            began,
            label,
            profile: plan.profile.clone(),
            backend: kind.name().to_owned(),
            seed: plan.seed,
            blocks: plan.blocks.len() as u32,
            pool_size: POOL_SIZE,
            cpus: backend.placement().clone(),
            containers: backend.containers(),
            server: plan.servers.iter().map(RunServer::of).collect(),
            cell: plan.cells.clone(),
        }
    }
}
