use contract::store::{Agents, StoreError};
use sea_orm::{EntityTrait, QueryOrder, prelude::DateTimeUtc};
use serde::Serialize;

use crate::{
    SeaOrm,
    model::{agent_status, agents},
    session::Backend,
};

/// An agent with its status.
#[derive(Clone, Debug, Serialize)]
pub struct Agent {
    id: i64,
    name: String,
    online: bool,
    since: DateTimeUtc,
}

impl From<(agents::Model, agent_status::Model)> for Agent {
    fn from((agent, status): (agents::Model, agent_status::Model)) -> Agent {
        let (agents::Model { id, name }, agent_status::Model { online, since, .. }) =
            (agent, status);
        Agent { id, name, online, since }
    }
}

impl<D: Backend> Agents for SeaOrm<D> {
    type Agent = Agent;

    async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
        let session = self.session().await?;
        let agents = agents::Entity::find()
            .find_both_related(agent_status::Entity)
            .order_by_asc(agents::Column::Id)
            .all(&session);
        let agents = agents.await.map_err(StoreError::unavailable)?;
        session.give_back();
        Ok(agents.into_iter().map(Agent::from).collect())
    }
}
