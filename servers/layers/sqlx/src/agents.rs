use contract::store::{Agents, StoreError};
use sqlx::query_as;

use crate::{Agent, Sqlx};

const AGENTS: &str = "SELECT a.id, a.name, s.online, s.since FROM agents a \
                      JOIN agent_status s ON s.agent_id = a.id ORDER BY a.id";

on_both! {
    impl Agents for Sqlx<Database> {
        type Agent = Agent;

        async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
            let mut lease = self.0.lease().await?;
            let agents = query_as::<Database, Agent>(AGENTS).fetch_all(&mut *lease);
            let agents = agents.await.map_err(StoreError::unavailable)?;
            lease.give_back();
            Ok(agents)
        }
    }
}
