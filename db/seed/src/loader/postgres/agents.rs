//! The agents and their status: two small tables, made as a whole.

use tokio_postgres::{Client, Error};

use super::connection::pairs;
use super::error::Failure;
use super::schema::{self, CREATE_AGENTS};
use crate::{AGENTS, Agent, SEED, agents};

/// The number of rows of each table.
const COUNTS: &str = "SELECT (SELECT count(*) FROM agents), (SELECT count(*) FROM agent_status)";

/// A row for each agent: its columns as one text, and the type that tables of an earlier version had otherwise.
const READ: &str = "
    SELECT pg_typeof(s.since), a.id || ' ' || a.name || ' ' || s.online || ' ' || date_part('epoch', s.since)
    FROM agents a JOIN agent_status s ON s.agent_id = a.id ORDER BY a.id";

/// Whether both tables hold the agents and nothing else.
pub(super) async fn are_right(client: &Client) -> Result<bool, Error> {
    for table in ["agents", "agent_status"] {
        if schema::is_ours(client, table).await? != Some(true) {
            return Ok(false);
        }
    }
    // A join has only the rows of both.
    let counts = pairs(client, COUNTS).await?;
    let count = AGENTS.to_string();
    let read = pairs(client, READ).await?;
    let expected =
        agents(SEED).map(|agent| ("timestamp with time zone".to_owned(), columns(agent)));
    Ok(counts == [(count.clone(), count)] && read.into_iter().eq(expected))
}

fn columns(Agent { id, name, online, since }: Agent) -> String {
    format!("{id} {name} {online} {}", since.timestamp())
}

/// Makes both tables anew if they are not right.
pub(super) async fn ensure(client: &mut Client) -> Result<(), Failure> {
    for table in ["agents", "agent_status"] {
        if schema::is_ours(client, table).await? == Some(false) {
            let difference = "it has no comment of stackmark's".to_owned();
            return Err(Failure::NotOurs { table, difference });
        }
    }
    if are_right(client).await? {
        return Ok(());
    }
    let transaction = client.transaction().await?;
    transaction
        .batch_execute("DROP TABLE IF EXISTS agent_status; DROP TABLE IF EXISTS agents")
        .await?;
    transaction.batch_execute(CREATE_AGENTS).await?;
    let agent = transaction.prepare("INSERT INTO agents (id, name) VALUES ($1, $2)").await?;
    let status = "INSERT INTO agent_status (agent_id, online, since) \
                  VALUES ($1, $2, to_timestamp($3))";
    let status = transaction.prepare(status).await?;
    for row in agents(SEED) {
        let id = row.id.cast_signed();
        transaction.execute(&agent, &[&id, &row.name]).await?;
        // Whole seconds of this century are exact as floating-point numbers.
        let since = row.since.timestamp() as f64;
        transaction.execute(&status, &[&id, &row.online, &since]).await?;
    }
    transaction.commit().await?;
    client.batch_execute("ANALYZE agents; ANALYZE agent_status").await?;
    Ok(())
}
