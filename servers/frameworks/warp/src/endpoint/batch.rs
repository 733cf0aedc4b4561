use std::convert::Infallible;

use contract::{
    endpoint::batch::{PATH, Parameters, answer},
    store::Batch,
};
use warp::{
    Filter, Rejection, Reply,
    reply::{Json, json},
};

use super::get;
use crate::error::Error;

pub(super) fn filter<S: Batch>(
    store: impl Filter<Extract = (S,), Error = Infallible> + Clone + Send + Sync + 'static,
) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone + Send + Sync + 'static {
    get(PATH).and(store).and(warp::query()).then(batch::<S>)
}

async fn batch<S: Batch>(store: S, parameters: Parameters) -> Result<Json, Error> {
    Ok(json(&answer(&store, parameters).await?))
}
