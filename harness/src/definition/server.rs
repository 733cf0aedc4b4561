//! A server as a run records it.

use std::collections::BTreeMap;

pub use registry::POOL_SIZE;
use registry::{Axes, Ceilings, Role, Server};
use serde::{Deserialize, Serialize};

use super::revision::Side;

/// A server as it was when the run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunServer {
    /// Its name.
    pub name: String,
    /// What it was there for.
    pub role: Role,
    /// What it was made of. Runs of before format 4 call it labels, and know no driver.
    #[serde(alias = "labels")]
    pub axes: Axes,
    /// The endpoints that it could be measured at.
    #[serde(default)]
    pub answers: Vec<String>,
    /// The services that it needed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub needs: Vec<String>,
    /// The contender that it differed from in one thing, if it was a control.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub control_of: Option<String>,
    /// The ceilings that it was held against.
    #[serde(skip_serializing_if = "Ceilings::is_empty", default)]
    pub ceilings: Ceilings,
    /// The server that this one is a twin of: the same code, so that the two show the run's own noise; absent for others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub twin_of: Option<String>,
    /// Whether a twin had a build of its own; otherwise it was the same binary under another name.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub built_apart: bool,
    /// The registry's server that a variant is with other settings; absent for others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub variant_of: Option<String>,
    /// Its database connections in all, where they were not the run's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pool_size: Option<u32>,
    /// Of a server that was built in a checkout of another commit than the run's own: the full hash of that commit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revision: Option<String>,
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
    /// The record of a registry's server.
    #[must_use]
    pub fn of(server: &Server) -> RunServer {
        RunServer {
            name: server.name.clone(),
            role: server.role,
            axes: server.axes.clone(),
            answers: server.answers.clone(),
            needs: server.needs.clone(),
            control_of: server.control_of.clone(),
            ceilings: server.ceilings.clone(),
            twin_of: server.twin_of.clone(),
            built_apart: server.built_apart,
            variant_of: server.variant_of.clone(),
            pool_size: server.pool_size,
            revision: server.checkout.as_ref().map(|checkout| checkout.commit.clone()),
            drives_itself: server.drives_itself,
            run: server.run.clone(),
            env: server.env.clone(),
        }
    }

    /// The name in the registry: its own, or for a copy or a variant that of the server that it is.
    #[must_use]
    pub fn original(&self) -> &str {
        let copied = self.twin_of.as_ref().filter(|_| !self.built_apart);
        self.variant_of.as_ref().or(copied).unwrap_or(&self.name)
    }

    /// Which commit of a comparison it was of, if it was of one.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        self.revision.as_ref().and_then(|_| Side::named(self.axes.get(Server::REVISION_AXIS)))
    }

    /// Its name without its side: the same for a server of two commits.
    #[must_use]
    pub fn name_of_both(&self) -> &str {
        match self.side() {
            Some(_) => self.name.rsplit_once('@').map_or(&self.name, |(name, _)| name),
            None => &self.name,
        }
    }

    /// Whether it queried a database, so that its answers could hold rows.
    #[must_use]
    pub fn has_database(&self) -> bool {
        self.needs.iter().any(|need| need == self.axes.get("database"))
    }
}
