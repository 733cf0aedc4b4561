use std::convert::Infallible;

use contract::{
    endpoint::insert::{BODY_LIMIT, Body, PATH, answer},
    store::Insert,
};
use warp::{
    Filter, Rejection, Reply,
    reply::{Json, json},
};

use super::at;
use crate::error::Error;

pub(super) fn filter<S: Insert>(
    store: impl Filter<Extract = (S,), Error = Infallible> + Clone + Send + Sync + 'static,
) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone + Send + Sync + 'static {
    let body = warp::body::content_length_limit(BODY_LIMIT as u64).and(warp::body::json());
    at(PATH).and(warp::post()).and(store).and(body).then(insert::<S>)
}

async fn insert<S: Insert>(store: S, body: Body) -> Result<Json, Error> {
    Ok(json(&answer(&store, body).await?))
}
