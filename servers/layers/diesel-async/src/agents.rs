use contract::store::{Agents, StoreError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use layer_diesel_model::{Agent, agent_status, agents};

use crate::DieselAsync;

on_both! {
    impl Agents for DieselAsync<Connection> {
        type Agent = Agent;

        async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
            let mut lease = self.0.lease().await?;
            let connection: &mut Connection = &mut lease;
            let find = agents::table
                .inner_join(agent_status::table)
                .order_by(agents::id)
                .select(Agent::as_select())
                .load(connection);
            let agents = find.await.map_err(StoreError::unavailable)?;
            lease.give_back();
            Ok(agents)
        }
    }
}
