use actix_web::{HttpResponse, ResponseError, error::QueryPayloadError, http::StatusCode};
use contract::{ErrorBody, NameError, StoreError};

/// Everything a request can come to except an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Query(QueryPayloadError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is nothing at this path")]
    NotFound,
    #[error("only GET is answered here")]
    MethodNotAllowed,
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Error::Query(_) | Error::Name(_) => StatusCode::BAD_REQUEST,
            Error::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(ErrorBody::new(self))
    }
}
