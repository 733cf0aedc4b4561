use axum::{Json, Router, extract::State, routing::get};
use contract::{
    endpoint::page::{PATH, Parameters, answer},
    store::Page,
};

use crate::error::{Error, Query};

pub(super) fn route<S: Page>() -> Router<S> {
    Router::new().route(PATH, get(page::<S>))
}

async fn page<S: Page>(
    State(store): State<S>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Vec<S::Row>>, Error> {
    Ok(Json(answer(&store, parameters).await?))
}
