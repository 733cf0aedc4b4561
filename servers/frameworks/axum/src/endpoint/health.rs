use axum::{Json, Router, extract::State, routing::get};
use contract::{
    endpoint::health::{Body, PATH, answer},
    store::Store,
};

use crate::error::Error;

pub(super) fn route<S: Store>() -> Router<S> {
    Router::new().route(PATH, get(health::<S>))
}

async fn health<S: Store>(State(store): State<S>) -> Result<Json<Body>, Error> {
    Ok(Json(answer(&store).await?))
}
