//! The contract's endpoints, a module each: a route and its handler.

mod demo;
mod health;
mod idle;

use axum::Router;
use contract::store::Lookup;

/// The routes that a store with lookups can answer.
pub(crate) fn routes<S: Lookup>() -> Router<S> {
    Router::new().merge(demo::route()).merge(health::route()).merge(idle::route())
}
