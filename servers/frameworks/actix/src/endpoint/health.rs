use actix_web::{
    Resource,
    web::{self, Data, Json},
};
use contract::{
    endpoint::health::{Body, PATH, answer},
    store::Store,
};

use crate::error::Error;

pub(super) fn resource<S: Store>() -> Resource {
    super::resource(PATH, web::get().to(health::<S>))
}

async fn health<S: Store>(store: Data<S>) -> Result<Json<Body>, Error> {
    Ok(Json(answer(&**store).await?))
}
