//! Rows of `demo_data`, as SQL of every family reads them.

use anyhow::{Result, anyhow};
use serde_json::{Value, json};

use crate::family::Family;

/// The beginning of a query for rows, up to its conditions.
pub(crate) fn select(family: &dyn Family) -> String {
    let [create_time, update_time] = ["create_time", "update_time"].map(|c| family.time(c));
    format!("SELECT CONCAT(id), name, {create_time}, {update_time} FROM demo_data")
}

/// A row of [`select`] as the JSON that servers answer with.
pub(crate) fn to_json(columns: Vec<String>) -> Result<Value> {
    let [id, name, create_time, update_time] = <[String; 4]>::try_from(columns)
        .map_err(|columns| anyhow!("no columns of a row: {columns:?}"))?;
    Ok(json!({
        "id": id.parse::<u64>()?,
        "name": name,
        "create_time": create_time,
        "update_time": update_time,
    }))
}
