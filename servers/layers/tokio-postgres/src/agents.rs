use contract::store::{Agents, StoreError};

use crate::{Agent, TokioPostgres, connection::query};

const AGENTS: &str = "SELECT a.id, a.name, s.online, s.since FROM agents a \
     JOIN agent_status s ON s.agent_id = a.id ORDER BY a.id";

impl Agents for TokioPostgres {
    type Agent = Agent;

    async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
        let lease = self.0.lease().await?;
        let agents = query(&lease, AGENTS, &[]).await?;
        lease.give_back();
        Ok(agents)
    }
}
