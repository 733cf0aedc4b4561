use std::convert::Infallible;

use contract::Refusal;
use warp::{
    Rejection, Reply,
    body::BodyDeserializeError,
    http::StatusCode,
    reject::{
        InvalidQuery, LengthRequired, MethodNotAllowed, PayloadTooLarge, UnsupportedMediaType,
    },
    reply::{Response, json, with_status},
};

/// A [`Refusal`] as a reply of warp.
pub(crate) struct Error(Refusal);

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error(refusal)
    }
}

impl Reply for Error {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).expect("refusals have valid statuses");
        with_status(json(&self.0), status).into_response()
    }
}

/// Turns the rejections of routing into a refusal. A path that matched outranks the paths that did not: their rejections are in the same value.
pub(crate) async fn recover(rejection: Rejection) -> Result<Error, Infallible> {
    Ok(Error(if rejection.find::<InvalidQuery>().is_some() {
        Refusal::BadRequest("the query is not a form that gives each parameter once".to_owned())
    } else if let Some(error) = rejection.find::<BodyDeserializeError>() {
        Refusal::BadRequest(error.to_string())
    } else if rejection.find::<UnsupportedMediaType>().is_some() {
        Refusal::BadRequest("the body must be application/json".to_owned())
    } else if rejection.find::<LengthRequired>().is_some() {
        Refusal::BadRequest("the length of the body is missing".to_owned())
    } else if rejection.find::<PayloadTooLarge>().is_some() {
        Refusal::BodyTooLong
    } else if rejection.find::<MethodNotAllowed>().is_some() {
        Refusal::MethodNotAllowed
    } else if rejection.is_not_found() {
        Refusal::NotFound
    } else {
        Refusal::Rejected
    }))
}
