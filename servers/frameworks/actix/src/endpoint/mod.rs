//! The contract's endpoints, a module each: a resource and its handler.

mod agents;
mod batch;
mod demo;
mod health;
mod idle;
mod insert;
mod page;

use actix_web::{
    Resource, Responder, Route,
    error::JsonPayloadError,
    web::{self, JsonConfig, QueryConfig, ServiceConfig},
};
use contract::{Refusal, endpoint::insert::BODY_LIMIT, store::Whole};

use crate::error::Error;

/// Adds all endpoints, and the contract's refusals for everything else.
pub(crate) fn configure<S: Whole>(config: &mut ServiceConfig) {
    let query = QueryConfig::default()
        .error_handler(|error, _| Error::from(Refusal::BadRequest(error.to_string())).into());
    let json = JsonConfig::default().limit(BODY_LIMIT).error_handler(|error, _| {
        Error::from(match error {
            JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
                Refusal::BodyTooLong
            }
            error => Refusal::BadRequest(error.to_string()),
        })
        .into()
    });
    config
        .app_data(query)
        .app_data(json)
        .service(agents::resource::<S>())
        .service(batch::resource::<S>())
        .service(demo::resource::<S>())
        .service(health::resource::<S>())
        .service(idle::resource())
        .service(insert::resource::<S>())
        .service(page::resource::<S>())
        .default_service(web::to(not_found));
}

/// A resource that is asked with one method alone.
fn resource(path: &str, route: Route) -> Resource {
    web::resource(path).route(route).default_service(web::to(method_not_allowed))
}

async fn not_found() -> impl Responder {
    Err::<&str, _>(Error::from(Refusal::NotFound))
}

async fn method_not_allowed() -> impl Responder {
    Err::<&str, _>(Error::from(Refusal::MethodNotAllowed))
}
