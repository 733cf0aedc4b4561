use std::future::Future;

use serde::Serialize;

use super::{Store, StoreError};

/// The agents and the status of each: a join of two small tables.
pub trait Agents: Store {
    /// The layer's own model of an agent with its status, serialised as it is.
    type Agent: Serialize + Send + 'static;

    /// All agents, by ascending id.
    fn agents(&self) -> impl Future<Output = Result<Vec<Self::Agent>, StoreError>> + Send;
}
