//! A study as a run records it: a question, and the servers and cells that answer it.

use std::collections::BTreeMap;

use registry::Axes;
use serde::{Deserialize, Serialize};

use super::Server;

/// A study as it was when the run began, with the servers and cells that the run selected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStudy {
    /// The study's name.
    pub name: String,
    /// The question, as a reader would ask it.
    pub question: String,
    /// The axis whose values are compared, within servers that are equal on every other axis; absent where
    /// whole servers are compared.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compare: Option<String>,
    /// The axes that may differ along with that one: a driver speaks one database's protocol.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub along: Vec<String>,
    /// The server that ratios are to, wherever it is among those that are compared; elsewhere, and where the study names
    /// none, it is the first contender of those in the registry's order.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub baseline: Option<String>,
    /// The names of the servers that answer the question, in the registry's order.
    pub servers: Vec<String>,
    /// The cells that answer the question.
    pub cells: Vec<StudyCell>,
    /// The findings that others have published about it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub published: Vec<Published>,
}

/// A cell by the names of its scenario and load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyCell {
    /// The scenario's name.
    pub scenario: String,
    /// The load's name.
    pub load: String,
}

/// A finding that others have published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The finding, in a sentence.
    pub finding: String,
    /// The source: an address or a full reference.
    pub source: String,
}

impl RunStudy {
    /// Whether the server of this name answers the study's question.
    #[must_use]
    pub fn has_server(&self, name: &str) -> bool {
        self.servers.iter().any(|server| server == name)
    }

    /// Whether the scenario under the load answers the study's question.
    #[must_use]
    pub fn has_cell(&self, scenario: &str, load: &str) -> bool {
        self.cells.iter().any(|cell| cell.scenario == scenario && cell.load == load)
    }
}

impl RunStudy {
    /// A server's values on all axes but those that the study compares, its number of connections among them: servers for
    /// which these are equal can be compared. Absent where whole servers are compared.
    #[must_use]
    pub fn other_axes(
        &self,
        axes: &Axes,
        pool_size: Option<u32>,
    ) -> Option<BTreeMap<String, String>> {
        let compared = self.compare.as_ref()?;
        let written = axes.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let pool_size = pool_size.map(|size| (Server::POOL_SIZE_AXIS.to_owned(), size.to_string()));
        let is_other = |name: &String| name != compared && !self.along.contains(name);
        Some(written.chain(pool_size).filter(|(name, _)| is_other(name)).collect())
    }
}
