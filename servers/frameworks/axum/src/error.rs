use axum::{
    extract::{
        FromRequest, FromRequestParts,
        rejection::{JsonRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use contract::Refusal;

/// axum's own `Query`, whose rejection is answered in JSON like every other refusal.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Error))]
pub struct Query<T>(pub T);

/// axum's own `Json`, whose rejection is answered in JSON like every other refusal.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Error))]
pub(crate) struct Json<T>(pub(crate) T);

/// A [`Refusal`] as a response of axum.
#[derive(Debug)]
pub struct Error(Refusal);

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error(refusal)
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Error {
        Error(Refusal::BadRequest(rejection.body_text()))
    }
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Error {
        Error(match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::BodyTooLong,
            _ => Refusal::BadRequest(rejection.body_text()),
        })
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).expect("refusals have valid statuses");
        (status, axum::Json(self.0)).into_response()
    }
}
