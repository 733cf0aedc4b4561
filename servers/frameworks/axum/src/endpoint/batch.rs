use axum::{Json, Router, extract::State, routing::get};
use contract::{
    endpoint::batch::{PATH, Parameters, answer},
    store::Batch,
};

use crate::error::{Error, Query};

pub(super) fn route<S: Batch>() -> Router<S> {
    Router::new().route(PATH, get(batch::<S>))
}

async fn batch<S: Batch>(
    State(store): State<S>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Vec<Option<S::Row>>>, Error> {
    Ok(Json(answer(&store, parameters).await?))
}
