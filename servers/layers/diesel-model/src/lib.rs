//! Diesel's tables and models, the same for MySQL and PostgreSQL, and for its synchronous and its asynchronous connections.
//! PostgreSQL's times have a zone, which Diesel would call `Timestamptz`: it reads the same eight bytes alike for both types.

use chrono::NaiveDateTime;
use diesel::{mysql::Mysql, pg::Pg, prelude::*};
use serde::Serialize;

diesel::table! {
    /// The million rows.
    demo_data (id) {
        /// The row's number.
        id -> BigInt,
        /// The name, which lookups compare exactly.
        name -> VarChar,
        /// When the row was made, in UTC.
        create_time -> Timestamp,
        /// When the row was last changed, in UTC.
        update_time -> Timestamp,
    }
}

diesel::table! {
    /// Some agents.
    agents (id) {
        /// The agent's number.
        id -> BigInt,
        /// The agent's name.
        name -> VarChar,
    }
}

diesel::table! {
    /// The status of each agent.
    agent_status (agent_id) {
        /// The agent's number.
        agent_id -> BigInt,
        /// Whether the agent can be reached.
        online -> Bool,
        /// Since when, in UTC.
        since -> Timestamp,
    }
}

diesel::joinable!(agent_status -> agents (agent_id));
diesel::allow_tables_to_appear_in_same_query!(agents, agent_status);

/// A row of `demo_data`.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = demo_data, check_for_backend(Mysql, Pg))]
pub struct DemoRow {
    id: i64,
    name: String,
    #[serde(serialize_with = "contract::serialize_utc")]
    create_time: NaiveDateTime,
    #[serde(serialize_with = "contract::serialize_utc")]
    update_time: NaiveDateTime,
}

/// A row of `agents` with its row of `agent_status`.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(check_for_backend(Mysql, Pg))]
pub struct Agent {
    #[diesel(select_expression = agents::id)]
    id: i64,
    #[diesel(select_expression = agents::name)]
    name: String,
    #[diesel(select_expression = agent_status::online)]
    online: bool,
    #[diesel(select_expression = agent_status::since)]
    #[serde(serialize_with = "contract::serialize_utc")]
    since: NaiveDateTime,
}

/// SQL functions that Diesel does not know.
#[diesel::declare_sql_function]
extern "SQL" {
    /// MySQL's id of the row that this connection inserted last. Within the query that reads the row it costs no round
    /// trip of its own.
    fn last_insert_id() -> BigInt;
}
