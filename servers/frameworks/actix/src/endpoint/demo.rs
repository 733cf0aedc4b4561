use actix_web::{
    Resource,
    web::{self, Data, Json, Query},
};
use contract::{
    endpoint::demo::{PATH, Parameters, answer},
    store::Lookup,
};

use crate::error::Error;

pub(super) fn resource<S: Lookup>() -> Resource {
    super::resource(PATH, web::get().to(demo::<S>))
}

async fn demo<S: Lookup>(
    store: Data<S>,
    parameters: Query<Parameters>,
) -> Result<Json<Vec<S::Row>>, Error> {
    Ok(Json(answer(&**store, parameters.into_inner()).await?))
}
