use contract::store::{Agents, StoreError};
use diesel::prelude::*;
use layer_diesel_model::{Agent, agent_status, agents};

use crate::Diesel;

on_both! {
    impl Agents for Diesel<Connection> {
        type Agent = Agent;

        async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
            let find = |connection: &mut Connection| {
                agents::table
                    .inner_join(agent_status::table)
                    .order_by(agents::id)
                    .select(Agent::as_select())
                    .load(connection)
            };
            self.0.interact(find).await
        }
    }
}
