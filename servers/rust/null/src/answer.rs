use std::borrow::Cow;

use contract::{DemoQuery, ErrorBody, HealthBody};

/// A status line's code and reason, and a JSON body.
pub(crate) struct Answer {
    pub(crate) status: &'static str,
    pub(crate) body: Cow<'static, [u8]>,
}

impl Answer {
    /// Answers a request line.
    pub(crate) fn to(method: &str, target: &str) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match (method, path) {
            ("GET" | "HEAD", "/demo" | "/idle") => match name(query) {
                Ok(_) => Answer::ok(b"[]"),
                Err(error) => Answer::error("400 Bad Request", &error),
            },
            ("GET" | "HEAD", "/health") => {
                Answer::json("200 OK", serde_json::to_vec(&HealthBody::of_this_server()))
            }
            (_, "/demo" | "/idle" | "/health") => Answer::error(
                "405 Method Not Allowed",
                &ErrorBody::new("only GET is answered here"),
            ),
            _ => Answer::error("404 Not Found", &ErrorBody::new("there is nothing at this path")),
        }
    }

    /// Answers what cannot be parsed.
    pub(crate) fn bad_request(error: httparse::Error) -> Answer {
        Answer::error("400 Bad Request", &ErrorBody::new(error))
    }

    /// Answers what is longer than a request may be.
    pub(crate) fn too_large() -> Answer {
        Answer::error(
            "431 Request Header Fields Too Large",
            &ErrorBody::new("the request is too long"),
        )
    }

    fn ok(body: &'static [u8]) -> Answer {
        Answer { status: "200 OK", body: Cow::Borrowed(body) }
    }

    fn error(status: &'static str, body: &ErrorBody) -> Answer {
        Answer::json(status, serde_json::to_vec(body))
    }

    fn json(status: &'static str, body: serde_json::Result<Vec<u8>>) -> Answer {
        Answer { status, body: Cow::Owned(body.expect("strings are serialisable")) }
    }
}

fn name(query: &str) -> Result<String, ErrorBody> {
    DemoQuery::parse(query).map_err(ErrorBody::new)?.into_name().map_err(ErrorBody::new)
}
