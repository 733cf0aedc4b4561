use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use contract::Refusal;

/// A [`Refusal`] as an error of actix-web.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Error(#[from] Refusal);

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).expect("refusals have valid statuses")
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(&self.0)
    }
}
