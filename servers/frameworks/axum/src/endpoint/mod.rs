//! The contract's endpoints, a module each: a route and its handler.

mod agents;
mod batch;
mod demo;
mod health;
mod idle;
mod insert;
mod page;

use axum::Router;
use contract::store::Whole;

/// The routes of all endpoints.
pub(crate) fn routes<S: Whole>() -> Router<S> {
    Router::new()
        .merge(agents::route())
        .merge(batch::route())
        .merge(demo::route())
        .merge(health::route())
        .merge(idle::route())
        .merge(insert::route())
        .merge(page::route())
}
