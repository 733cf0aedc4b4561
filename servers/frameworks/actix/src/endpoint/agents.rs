use actix_web::{
    Resource,
    web::{self, Data, Json},
};
use contract::{
    endpoint::agents::{PATH, answer},
    store::Agents,
};

use crate::error::Error;

pub(super) fn resource<S: Agents>() -> Resource {
    super::resource(PATH, web::get().to(agents::<S>))
}

async fn agents<S: Agents>(store: Data<S>) -> Result<Json<Vec<S::Agent>>, Error> {
    Ok(Json(answer(&**store).await?))
}
