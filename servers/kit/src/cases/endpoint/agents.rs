//! `GET /agents`: all agents with their status.

use anyhow::Result;
use serde_json::Value;

use crate::{bench::Bench, cases::wire::Cost, packets::EXECUTION, request::Request};

/// The answer is every agent with every value, by id, again and again.
pub(in crate::cases) async fn all_agents(bench: &Bench) -> Result<()> {
    let agents = demo_data::agents(demo_data::SEED).filter(|_| bench.server.has_database());
    let expected: Vec<Value> = agents.map(serde_json::to_value).collect::<Result<_, _>>()?;
    let mut connection = bench.connect().await?;
    for target in ["/agents", "/agents?", "/agents?id=1&online=true&limit=3"].repeat(3) {
        connection.get(target).await?.check_array(&expected)?;
    }
    Ok(())
}

/// The agents and their status are read by one query.
pub(in crate::cases) async fn one_query_for_agents(bench: &Bench) -> Result<()> {
    let requests = vec![Request::get("/agents")];
    let cost =
        Cost { what: "reads of the agents", requests, owed: &[(EXECUTION, 1)], allowed: None };
    cost.check(bench, 1, 20).await?;
    cost.check(bench, 8, 10).await
}
