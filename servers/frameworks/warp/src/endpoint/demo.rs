use std::convert::Infallible;

use contract::{
    endpoint::demo::{PATH, Parameters, answer},
    store::Lookup,
};
use warp::{
    Filter, Rejection, Reply,
    reply::{Json, json},
};

use super::get;
use crate::error::Error;

pub(super) fn filter<S: Lookup>(
    store: impl Filter<Extract = (S,), Error = Infallible> + Clone + Send + Sync + 'static,
) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone + Send + Sync + 'static {
    get(PATH).and(store).and(warp::query()).then(demo::<S>)
}

async fn demo<S: Lookup>(store: S, parameters: Parameters) -> Result<Json, Error> {
    Ok(json(&answer(&store, parameters).await?))
}
