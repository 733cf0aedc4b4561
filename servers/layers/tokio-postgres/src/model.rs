use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio_postgres::{Error, Row};

/// A row of `demo_data`.
#[derive(Clone, Debug, Serialize)]
pub struct DemoRow {
    id: i64,
    name: String,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
}

impl TryFrom<&Row> for DemoRow {
    type Error = Error;

    /// The row of a query's columns, in this order.
    fn try_from(row: &Row) -> Result<DemoRow, Error> {
        Ok(DemoRow {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            create_time: row.try_get(2)?,
            update_time: row.try_get(3)?,
        })
    }
}

/// A row of `agents` with its row of `agent_status`.
#[derive(Clone, Debug, Serialize)]
pub struct Agent {
    id: i64,
    name: String,
    online: bool,
    since: DateTime<Utc>,
}

impl TryFrom<&Row> for Agent {
    type Error = Error;

    /// The agent of a query's columns, in this order.
    fn try_from(row: &Row) -> Result<Agent, Error> {
        Ok(Agent {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            online: row.try_get(2)?,
            since: row.try_get(3)?,
        })
    }
}
