//! `POST /insert`: a row is inserted and read back.

use serde::Deserialize;

use super::demo;
use crate::{
    Refusal,
    store::{Insert, within_deadline},
};

/// The endpoint's path.
pub const PATH: &str = "/insert";

/// The largest body that is read, in bytes: the longest name takes 3,036 where every character is escaped.
pub const BODY_LIMIT: usize = 16 * 1024;

/// The body of a request, as JSON; unknown fields are ignored.
#[derive(Clone, Debug, Deserialize)]
pub struct Body {
    /// The row's name.
    pub name: String,
}

/// Inserts a row; the answer is that row, as the database has it.
pub async fn answer<S: Insert>(store: &S, body: Body) -> Result<S::Row, Refusal> {
    let name = demo::checked_name(body.name)?;
    Ok(within_deadline(store.insert(name)).await?)
}
