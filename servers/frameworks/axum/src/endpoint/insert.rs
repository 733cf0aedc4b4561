use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    routing::post,
};
use contract::{
    endpoint::insert::{BODY_LIMIT, Body, PATH, answer},
    store::Insert,
};

use crate::error::{self, Error};

pub(super) fn route<S: Insert>() -> Router<S> {
    Router::new().route(PATH, post(insert::<S>).layer(DefaultBodyLimit::max(BODY_LIMIT)))
}

async fn insert<S: Insert>(
    State(store): State<S>,
    error::Json(body): error::Json<Body>,
) -> Result<Json<S::Row>, Error> {
    Ok(Json(answer(&store, body).await?))
}
