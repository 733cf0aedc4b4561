use contract::store::{Agents, StoreError};
use mysql_async::prelude::Queryable;

use crate::{Agent, MysqlAsync, Source};

const AGENTS: &str = "SELECT a.id, a.name, s.online, s.since FROM agents a \
     JOIN agent_status s ON s.agent_id = a.id ORDER BY a.id";

impl<P: Source> Agents for MysqlAsync<P> {
    type Agent = Agent;

    async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
        let mut connection = self.take().await?;
        let agents = connection.exec_map(AGENTS, (), Agent::new).await;
        let agents = agents.map_err(StoreError::unavailable)?;
        P::give_back(connection);
        Ok(agents)
    }
}
