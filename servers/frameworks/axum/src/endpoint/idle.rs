use axum::{Json, Router, routing::get};
use contract::{
    endpoint::{
        demo::Parameters,
        idle::{PATH, answer},
    },
    store::Store,
};

use crate::error::{Error, Query};

pub(super) fn route<S: Store>() -> Router<S> {
    Router::new().route(PATH, get(idle))
}

async fn idle(Query(parameters): Query<Parameters>) -> Result<Json<Vec<()>>, Error> {
    Ok(Json(answer(parameters)?))
}
