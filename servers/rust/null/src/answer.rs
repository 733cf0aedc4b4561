use std::borrow::Cow;

use contract::{
    Refusal,
    endpoint::{
        demo::{self, Parameters},
        health, idle,
    },
};
use serde::Serialize;

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
            ("GET" | "HEAD", demo::PATH | idle::PATH) => {
                match Parameters::parse(query).and_then(Parameters::into_name) {
                    Ok(_) => Answer { status: "200 OK", body: Cow::Borrowed(b"[]") },
                    Err(refusal) => Answer::refusal(&refusal),
                }
            }
            ("GET" | "HEAD", health::PATH) => {
                Answer::json("200 OK", &health::Body::of_this_server())
            }
            (_, demo::PATH | idle::PATH | health::PATH) => {
                Answer::refusal(&Refusal::MethodNotAllowed)
            }
            _ => Answer::refusal(&Refusal::NotFound),
        }
    }

    /// Answers with a refusal.
    pub(crate) fn refusal(refusal: &Refusal) -> Answer {
        let status = match refusal {
            Refusal::BadRequest(_) => "400 Bad Request",
            Refusal::NotFound => "404 Not Found",
            Refusal::MethodNotAllowed => "405 Method Not Allowed",
            Refusal::Conflict(_) => "409 Conflict",
            Refusal::BodyTooLong => "413 Content Too Large",
            Refusal::TooLong => "431 Request Header Fields Too Large",
            Refusal::Rejected => "500 Internal Server Error",
            Refusal::Unavailable(_) => "503 Service Unavailable",
        };
        Answer::json(status, refusal)
    }

    fn json(status: &'static str, body: &impl Serialize) -> Answer {
        let body = serde_json::to_vec(body).expect("strings are serialisable");
        Answer { status, body: Cow::Owned(body) }
    }
}
