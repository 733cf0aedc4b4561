use actix_web::{
    Resource,
    web::{self, Json, Query},
};
use contract::endpoint::{
    demo::Parameters,
    idle::{PATH, answer},
};

use crate::error::Error;

pub(super) fn resource() -> Resource {
    super::resource(PATH, web::get().to(idle))
}

async fn idle(parameters: Query<Parameters>) -> Result<Json<Vec<()>>, Error> {
    Ok(Json(answer(parameters.into_inner())?))
}
