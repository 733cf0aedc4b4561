use actix_web::{
    Resource,
    web::{self, Data, Json},
};
use contract::{
    endpoint::insert::{Body, PATH, answer},
    store::Insert,
};

use crate::error::Error;

pub(super) fn resource<S: Insert>() -> Resource {
    super::resource(PATH, web::post().to(insert::<S>))
}

async fn insert<S: Insert>(store: Data<S>, body: Json<Body>) -> Result<Json<S::Row>, Error> {
    Ok(Json(answer(&**store, body.into_inner()).await?))
}
