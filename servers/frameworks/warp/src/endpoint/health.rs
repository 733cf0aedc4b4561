use std::convert::Infallible;

use contract::{
    endpoint::health::{PATH, answer},
    store::Store,
};
use warp::{
    Filter, Rejection, Reply,
    reply::{Json, json},
};

use super::get;
use crate::error::Error;

pub(super) fn filter<S: Store>(
    store: impl Filter<Extract = (S,), Error = Infallible> + Clone + Send + Sync + 'static,
) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone + Send + Sync + 'static {
    get(PATH).and(store).then(health::<S>)
}

async fn health<S: Store>(store: S) -> Result<Json, Error> {
    Ok(json(&answer(&store).await?))
}
