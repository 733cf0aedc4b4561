//! The driver tokio-postgres with nothing on top but deadpool's pool and its cache of statements. The README says what
//! was decided.

mod agents;
mod batch;
mod connection;
mod insert;
mod lookup;
mod model;
mod page;
mod pool;

pub use crate::{
    model::{Agent, DemoRow},
    pool::TokioPostgres,
};
