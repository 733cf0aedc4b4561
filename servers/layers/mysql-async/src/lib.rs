//! The driver mysql_async with nothing on top: its own pool, statement cache and typed rows. The README says what was
//! decided.

mod agents;
mod batch;
mod insert;
mod lookup;
mod model;
mod page;
mod pool;

pub use crate::{
    model::{Agent, DemoRow},
    pool::{Connector, Deadpool, DriverPool, MysqlAsync, Pooled, Source, options},
};
