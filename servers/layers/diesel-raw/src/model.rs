use chrono::NaiveDateTime;
use serde::Serialize;

/// A row of `demo_data`.
#[derive(Clone, Debug, Serialize)]
pub struct DemoRow {
    id: i64,
    name: String,
    #[serde(serialize_with = "contract::serialize_utc")]
    create_time: NaiveDateTime,
    #[serde(serialize_with = "contract::serialize_utc")]
    update_time: NaiveDateTime,
}

impl DemoRow {
    /// The row of a query's columns, in this order.
    pub(crate) fn new(
        (id, name, create_time, update_time): (i64, String, NaiveDateTime, NaiveDateTime),
    ) -> DemoRow {
        DemoRow { id, name, create_time, update_time }
    }
}

/// A row of `agents` with its row of `agent_status`.
#[derive(Clone, Debug, Serialize)]
pub struct Agent {
    id: i64,
    name: String,
    online: bool,
    #[serde(serialize_with = "contract::serialize_utc")]
    since: NaiveDateTime,
}

impl Agent {
    /// The agent of a query's columns, in this order.
    pub(crate) fn new((id, name, online, since): (i64, String, bool, NaiveDateTime)) -> Agent {
        Agent { id, name, online, since }
    }
}
