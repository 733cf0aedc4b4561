//! The driver mysql_async with nothing on top: its own pool, statement cache and typed rows. The README says what was
//! decided.

mod lookup;
mod model;
mod pool;

pub use crate::{
    model::DemoRow,
    pool::{MysqlAsync, options},
};
