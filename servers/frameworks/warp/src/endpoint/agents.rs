use std::convert::Infallible;

use contract::{
    endpoint::agents::{PATH, answer},
    store::Agents,
};
use warp::{
    Filter, Rejection, Reply,
    reply::{Json, json},
};

use super::get;
use crate::error::Error;

pub(super) fn filter<S: Agents>(
    store: impl Filter<Extract = (S,), Error = Infallible> + Clone + Send + Sync + 'static,
) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone + Send + Sync + 'static {
    get(PATH).and(store).then(agents::<S>)
}

async fn agents<S: Agents>(store: S) -> Result<Json, Error> {
    Ok(json(&answer(&store).await?))
}
