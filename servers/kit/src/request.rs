//! Requests, apart from the connection that they are sent over.

use bytes::Bytes;
use hyper::Method;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The path with its query.
    pub(crate) target: String,
    /// The header Content-Type, if it has one.
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: Bytes,
}

impl Request {
    /// A request without a body.
    pub(crate) fn new(method: Method, target: impl Into<String>) -> Self {
        Self { method, target: target.into(), content_type: None, body: Bytes::new() }
    }

    /// `GET target`.
    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self::new(Method::GET, target)
    }

    /// `POST target` with JSON as its body.
    pub(crate) fn post(target: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, target).with_body(Some("application/json"), body)
    }

    /// The same with a body.
    pub(crate) fn with_body(
        self,
        content_type: Option<&'static str>,
        body: impl Into<Bytes>,
    ) -> Self {
        Self { content_type, body: body.into(), ..self }
    }
}
