//! The contract's endpoints, a module each: a resource and its handler.

mod demo;
mod health;
mod idle;

use actix_web::{
    Resource, Responder, Route,
    web::{self, QueryConfig, ServiceConfig},
};
use contract::{Refusal, store::Lookup};

use crate::error::Error;

/// Adds the endpoints that a store with lookups can answer, and the contract's refusals for everything else.
pub(crate) fn configure<S: Lookup>(config: &mut ServiceConfig) {
    let query = QueryConfig::default()
        .error_handler(|error, _| Error::from(Refusal::BadRequest(error.to_string())).into());
    config
        .app_data(query)
        .service(demo::resource::<S>())
        .service(health::resource::<S>())
        .service(idle::resource())
        .default_service(web::to(not_found));
}

/// A resource that is asked with GET alone.
fn resource(path: &str, get: Route) -> Resource {
    web::resource(path).route(get).default_service(web::to(method_not_allowed))
}

async fn not_found() -> impl Responder {
    Err::<&str, _>(Error::from(Refusal::NotFound))
}

async fn method_not_allowed() -> impl Responder {
    Err::<&str, _>(Error::from(Refusal::MethodNotAllowed))
}
