use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::store::StoreError;

/// An answer other than 200. Its body is `{"error":"…"}`, the sentence that [`Display`](std::fmt::Display) writes.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// 400: a parameter, or the request itself, cannot be understood.
    #[error("{0}")]
    BadRequest(String),
    /// 404: no endpoint has this path.
    #[error("there is nothing at this path")]
    NotFound,
    /// 405: the endpoint is not asked with this method.
    #[error("this endpoint is not asked with this method")]
    MethodNotAllowed,
    /// 409: something else must end first.
    #[error("{0}")]
    Conflict(&'static str),
    /// 413: the body of the request is longer than the endpoint reads.
    #[error("the request's body is too long")]
    BodyTooLong,
    /// 431: the head of the request is longer than the server reads.
    #[error("the request is too long")]
    TooLong,
    /// 500: the framework turns the request down for a reason that the contract does not know.
    #[error("the request was rejected")]
    Rejected,
    /// 503: the store gives no answer.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Refusal::BadRequest(_) => 400,
            Refusal::NotFound => 404,
            Refusal::MethodNotAllowed => 405,
            Refusal::Conflict(_) => 409,
            Refusal::BodyTooLong => 413,
            Refusal::TooLong => 431,
            Refusal::Rejected => 500,
            Refusal::Unavailable(_) => 503,
        }
    }
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("Refusal", 1)?;
        body.serialize_field("error", &self.to_string())?;
        body.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_one_sentence() {
        let body = |refusal: Refusal| serde_json::to_string(&refusal).unwrap();
        assert_eq!(body(Refusal::NotFound), r#"{"error":"there is nothing at this path"}"#);
        assert_eq!(body(Refusal::BadRequest("no \"x\"".into())), r#"{"error":"no \"x\""}"#);
        let unavailable = Refusal::from(StoreError::Deadline);
        assert_eq!(unavailable.status(), 503);
        assert_eq!(body(unavailable), r#"{"error":"the database did not answer within 800 ms"}"#);
    }
}
