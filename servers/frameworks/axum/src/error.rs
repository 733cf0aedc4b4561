use axum::{
    Json,
    extract::{FromRequestParts, rejection::QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use contract::{ErrorBody, NameError, StoreError};

/// axum's own `Query`, whose rejection is answered in JSON like every other error.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Error))]
pub(crate) struct Query<T>(pub(crate) T);

/// Everything a request can come to except an answer.
pub(crate) enum Error {
    Query(QueryRejection),
    Name(NameError),
    Store(StoreError),
    NotFound,
    MethodNotAllowed,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Error::Query(rejection) => {
                (StatusCode::BAD_REQUEST, ErrorBody::new(rejection.body_text()))
            }
            Error::Name(error) => (StatusCode::BAD_REQUEST, ErrorBody::new(error)),
            Error::Store(error) => (StatusCode::SERVICE_UNAVAILABLE, ErrorBody::new(error)),
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
        Error::Query(rejection)
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Error {
        Error::Name(error)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        Error::Store(error)
    }
}
