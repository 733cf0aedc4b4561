use contract::store::{self, StoreError};
use diesel::{connection::DefaultLoadingMode, prelude::*};

use crate::{Agent, Raw, sql::Agents};

on_both! {
    impl store::Agents for Raw<Connection> {
        type Agent = Agent;

        async fn agents(&self) -> Result<Vec<Agent>, StoreError> {
            let find = |connection: &mut Connection| {
                let agents = Agents {}.load_iter::<_, DefaultLoadingMode>(connection)?;
                agents.map(|agent| agent.map(Agent::new)).collect()
            };
            self.0.interact(find).await
        }
    }
}
