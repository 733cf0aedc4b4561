use axum::{
    Json,
    extract::rejection::QueryRejection,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use contract::{ErrorBody, NameError, StoreError};
use tokio::time::error::Elapsed;

/// Everything a request can come to except an answer.
pub(crate) enum Error {
    BadRequest(String),
    Unavailable(StoreError),
    NotFound,
    MethodNotAllowed,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Error::BadRequest(reason) => (StatusCode::BAD_REQUEST, ErrorBody::new(reason)),
            Error::Unavailable(error) => (StatusCode::SERVICE_UNAVAILABLE, ErrorBody::new(error)),
            Error::NotFound => {
                (StatusCode::NOT_FOUND, ErrorBody::new("there is nothing at this path"))
            }
            Error::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, ErrorBody::new("only GET is answered here"))
            }
        };
        (status, Json(body)).into_response()
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Error {
        Error::BadRequest(rejection.body_text())
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Error {
        Error::BadRequest(error.to_string())
    }
}

impl From<mysql_async::Error> for Error {
    fn from(error: mysql_async::Error) -> Error {
        Error::Unavailable(StoreError::unavailable(error))
    }
}

impl From<Elapsed> for Error {
    fn from(_: Elapsed) -> Error {
        Error::Unavailable(StoreError::Deadline)
    }
}
