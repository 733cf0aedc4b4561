use std::convert::Infallible;

use contract::{ErrorBody, NameError, StoreError};
use warp::{
    Rejection, Reply,
    http::StatusCode,
    reject::{InvalidQuery, MethodNotAllowed},
    reply::{Response, json, with_status},
};

/// Everything a request can come to except an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the query is not a form with at most one name")]
    Query,
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is nothing at this path")]
    NotFound,
    #[error("only GET is answered here")]
    MethodNotAllowed,
    #[error("the request was rejected")]
    Other,
}

impl Reply for Error {
    fn into_response(self) -> Response {
        let status = match self {
            Error::Query | Error::Name(_) => StatusCode::BAD_REQUEST,
            Error::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Error::Other => StatusCode::INTERNAL_SERVER_ERROR,
        };
        with_status(json(&ErrorBody::new(self)), status).into_response()
    }
}

/// What routing rejected. A path that matched outranks the paths that did not: their rejections are in the same value.
pub(crate) async fn recover(rejection: Rejection) -> Result<Error, Infallible> {
    Ok(if rejection.find::<InvalidQuery>().is_some() {
        Error::Query
    } else if rejection.find::<MethodNotAllowed>().is_some() {
        Error::MethodNotAllowed
    } else if rejection.is_not_found() {
        Error::NotFound
    } else {
        Error::Other
    })
}
