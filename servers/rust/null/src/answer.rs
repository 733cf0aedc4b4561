use bytes::Bytes;
use contract::{DemoQuery, ErrorBody};
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};

/// Answers a request; its body, which no endpoint wants, is left unread.
pub(crate) fn answer<B>(request: &Request<B>) -> Response<Full<Bytes>> {
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/demo" | "/idle") => match name(request.uri().query()) {
            Ok(_) => json(StatusCode::OK, Bytes::from_static(b"[]")),
            Err(body) => error(StatusCode::BAD_REQUEST, &body),
        },
        (&Method::GET | &Method::HEAD, "/health") => {
            json(StatusCode::OK, Bytes::from_static(br#"{"status":"ok"}"#))
        }
        (_, "/demo" | "/idle" | "/health") => {
            error(StatusCode::METHOD_NOT_ALLOWED, &ErrorBody::new("only GET is answered here"))
        }
        _ => error(StatusCode::NOT_FOUND, &ErrorBody::new("there is nothing at this path")),
    }
}

fn name(query: Option<&str>) -> Result<String, ErrorBody> {
    DemoQuery::parse(query.unwrap_or_default())
        .map_err(ErrorBody::new)?
        .into_name()
        .map_err(ErrorBody::new)
}

fn error(status: StatusCode, body: &ErrorBody) -> Response<Full<Bytes>> {
    json(status, serde_json::to_vec(body).expect("a string is serialisable").into())
}

fn json(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
