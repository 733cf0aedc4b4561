use axum::{Json, Router, extract::State, routing::get};
use contract::{
    endpoint::demo::{PATH, Parameters, answer},
    store::Lookup,
};

use crate::error::{Error, Query};

pub(super) fn route<S: Lookup>() -> Router<S> {
    Router::new().route(PATH, get(demo::<S>))
}

async fn demo<S: Lookup>(
    State(store): State<S>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Vec<S::Row>>, Error> {
    Ok(Json(answer(&store, parameters).await?))
}
