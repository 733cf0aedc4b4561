use actix_web::{
    Resource,
    web::{self, Data, Json, Query},
};
use contract::{
    endpoint::page::{PATH, Parameters, answer},
    store::Page,
};

use crate::error::Error;

pub(super) fn resource<S: Page>() -> Resource {
    super::resource(PATH, web::get().to(page::<S>))
}

async fn page<S: Page>(
    store: Data<S>,
    parameters: Query<Parameters>,
) -> Result<Json<Vec<S::Row>>, Error> {
    Ok(Json(answer(&**store, parameters.into_inner()).await?))
}
