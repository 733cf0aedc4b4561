use actix_web::{
    Resource,
    web::{self, Data, Json, Query},
};
use contract::{
    endpoint::batch::{PATH, Parameters, answer},
    store::Batch,
};

use crate::error::Error;

pub(super) fn resource<S: Batch>() -> Resource {
    super::resource(PATH, web::get().to(batch::<S>))
}

async fn batch<S: Batch>(
    store: Data<S>,
    parameters: Query<Parameters>,
) -> Result<Json<Vec<Option<S::Row>>>, Error> {
    Ok(Json(answer(&**store, parameters.into_inner()).await?))
}
