use chrono::NaiveDateTime;
use diesel::{mysql::Mysql, prelude::*};
use serde::Serialize;

diesel::table! {
    demo_data (id) {
        id -> BigInt,
        name -> VarChar,
        create_time -> Timestamp,
        update_time -> Timestamp,
    }
}

/// A row of `demo_data`.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = demo_data, check_for_backend(Mysql))]
pub struct DemoRow {
    id: i64,
    name: String,
    #[serde(serialize_with = "contract::serialize_utc")]
    create_time: NaiveDateTime,
    #[serde(serialize_with = "contract::serialize_utc")]
    update_time: NaiveDateTime,
}
