//! `GET /agents`: all agents with their status.

use crate::{
    Refusal,
    store::{Agents, within_deadline},
};

/// The endpoint's path.
pub const PATH: &str = "/agents";

/// Reads the agents; the answer is the array of them.
pub async fn answer<S: Agents>(store: &S) -> Result<Vec<S::Agent>, Refusal> {
    Ok(within_deadline(store.agents()).await?)
}
