//! Diesel: its query builder and r2d2, on tokio's blocking threads. The README says what was decided.

mod lookup;
mod manager;
mod model;
mod pool;

pub use crate::{model::DemoRow, pool::Diesel};
