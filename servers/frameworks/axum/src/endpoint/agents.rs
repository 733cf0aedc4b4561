use axum::{Json, Router, extract::State, routing::get};
use contract::{
    endpoint::agents::{PATH, answer},
    store::Agents,
};

use crate::error::Error;

pub(super) fn route<S: Agents>() -> Router<S> {
    Router::new().route(PATH, get(agents::<S>))
}

async fn agents<S: Agents>(State(store): State<S>) -> Result<Json<Vec<S::Agent>>, Error> {
    Ok(Json(answer(&store).await?))
}
