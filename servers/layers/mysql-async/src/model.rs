use chrono::NaiveDateTime;
use serde::Serialize;

/// A row of `demo_data`.
#[derive(Clone, Debug, Serialize)]
pub struct DemoRow {
    /// The row's number.
    pub id: i64,
    /// The name, which lookups compare exactly.
    pub name: String,
    /// When the row was made, in UTC.
    #[serde(serialize_with = "contract::serialize_utc")]
    pub create_time: NaiveDateTime,
    /// When the row was last changed, in UTC.
    #[serde(serialize_with = "contract::serialize_utc")]
    pub update_time: NaiveDateTime,
}
