use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;

/// A row of `demo_data`.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct DemoRow {
    id: i64,
    name: String,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
}

/// A row of `agents` with its row of `agent_status`.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Agent {
    id: i64,
    name: String,
    online: bool,
    since: DateTime<Utc>,
}
