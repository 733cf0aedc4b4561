//! The agents and their status: two small tables, made as a whole.

use mysql_async::{Conn, Error, prelude::Queryable};

use super::Dialect;
use super::error::Failure;
use super::schema;
use crate::{AGENTS, Agent, SEED, agents};

const COUNTS: &str = "SELECT (SELECT COUNT(*) FROM agents), (SELECT COUNT(*) FROM agent_status)";

const READ: &str = "SELECT a.id, a.name, s.online, UNIX_TIMESTAMP(s.since) FROM agents a \
                    JOIN agent_status s ON s.agent_id = a.id ORDER BY a.id";

/// The columns of [`READ`].
type Columns = (u64, String, bool, i64);

/// Whether both tables hold the agents and nothing else.
pub(super) async fn are_right(conn: &mut Conn) -> Result<bool, Error> {
    for table in ["agents", "agent_status"] {
        if schema::is_ours(conn, table).await? != Some(true) {
            return Ok(false);
        }
    }
    // A join has only the rows of both.
    let counts: Option<(u64, u64)> = conn.query_first(COUNTS).await?;
    let read: Vec<Columns> = conn.query(READ).await?;
    Ok(counts == Some((AGENTS, AGENTS)) && read.into_iter().eq(agents(SEED).map(columns)))
}

fn columns(Agent { id, name, online, since }: Agent) -> Columns {
    (id, name, online, since.timestamp())
}

/// Makes both tables anew if they are not right.
pub(super) async fn ensure(conn: &mut Conn) -> Result<(), Failure> {
    for table in ["agents", "agent_status"] {
        if schema::is_ours(conn, table).await? == Some(false) {
            let difference = "it has no comment of stackmark's".to_owned();
            return Err(Failure::NotOurs { table, difference });
        }
    }
    if are_right(conn).await? {
        return Ok(());
    }
    let dialect = Dialect::of(conn).await?;
    for table in ["agent_status", "agents"] {
        conn.query_drop(format!("DROP TABLE IF EXISTS {table}")).await?;
    }
    conn.query_drop(dialect.create_agents()).await?;
    conn.query_drop(dialect.create_agent_status()).await?;
    let names = agents(SEED).map(|agent| (agent.id, agent.name));
    conn.exec_batch("INSERT INTO agents (id, name) VALUES (?, ?)", names).await?;
    let status = agents(SEED).map(|agent| (agent.id, agent.online, agent.since.timestamp()));
    let insert =
        "INSERT INTO agent_status (agent_id, online, since) VALUES (?, ?, FROM_UNIXTIME(?))";
    conn.exec_batch(insert, status).await?;
    conn.query_drop("ANALYZE TABLE agents, agent_status").await?;
    Ok(())
}
