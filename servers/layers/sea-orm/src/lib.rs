//! SeaORM: entities and its query builder, on sqlx connections from a pool that sends nothing of its own. The README
//! says what was decided.

mod lease;
mod lookup;
mod model;
mod pool;

pub use crate::{model::Model, pool::SeaOrm};
