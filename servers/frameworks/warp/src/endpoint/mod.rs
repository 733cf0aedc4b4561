//! The contract's endpoints, a module each: a filter and its handler.

mod demo;
mod health;
mod idle;

use std::convert::Infallible;

use contract::store::Lookup;
use warp::{Filter, Rejection, Reply};

use crate::error::recover;

/// Combines the endpoints that a store with lookups can answer with the contract's refusals for everything else.
pub(crate) fn filter<S: Lookup>(
    store: S,
) -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone + Send + Sync + 'static {
    let store = warp::any().map(move || store.clone());
    let endpoints = demo::filter(store.clone()).or(idle::filter()).or(health::filter(store));
    endpoints.recover(recover)
}

/// `GET /path`, for a path of one segment.
fn get(path: &'static str) -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::path(path.trim_start_matches('/')).and(warp::path::end()).and(warp::get())
}
