use contract::endpoint::{
    demo::Parameters,
    idle::{PATH, answer},
};
use warp::{
    Filter, Rejection, Reply,
    reply::{Json, json},
};

use super::get;
use crate::error::Error;

pub(super) fn filter()
-> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone + Send + Sync + 'static {
    get(PATH).and(warp::query()).then(idle)
}

async fn idle(parameters: Parameters) -> Result<Json, Error> {
    Ok(json(&answer(parameters)?))
}
