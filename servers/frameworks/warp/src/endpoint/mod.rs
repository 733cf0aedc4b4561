//! The contract's endpoints, a module each: a filter and its handler.

mod agents;
mod batch;
mod demo;
mod health;
mod idle;
mod insert;
mod page;

use std::convert::Infallible;

use contract::store::Whole;
use warp::{Filter, Rejection, Reply};

use crate::error::recover;

/// Combines all endpoints with the contract's refusals for everything else.
pub(crate) fn filter<S: Whole>(
    store: S,
) -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone + Send + Sync + 'static {
    let store = warp::any().map(move || store.clone());
    demo::filter(store.clone())
        .or(idle::filter())
        .or(page::filter(store.clone()))
        .or(batch::filter(store.clone()))
        .or(agents::filter(store.clone()))
        .or(insert::filter(store.clone()))
        .or(health::filter(store))
        .recover(recover)
}

/// `GET /path`, for a path of one segment.
fn get(path: &'static str) -> impl Filter<Extract = (), Error = Rejection> + Copy {
    at(path).and(warp::get())
}

/// A path of one segment, with any method.
fn at(path: &'static str) -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::path(path.trim_start_matches('/')).and(warp::path::end())
}
