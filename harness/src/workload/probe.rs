//! A request that only verification sends.

use std::fmt;

use super::reply::{Reply, Wrong};

type Check = Box<dyn Fn(&Reply<'_>) -> Result<(), Wrong>>;

/// A request beside those that a load sends, and what a right answer to it is.
pub struct Probe {
    /// Its method.
    pub method: &'static str,
    /// Its path and parameters.
    pub target: String,
    /// Its body, which is sent as JSON.
    pub body: Option<String>,
    check: Check,
}

impl Probe {
    /// `GET target`, whose right answers are those that pass `check`.
    pub fn get(
        target: impl Into<String>,
        check: impl Fn(&Reply<'_>) -> Result<(), Wrong> + 'static,
    ) -> Probe {
        Probe { method: "GET", target: target.into(), body: None, check: Box::new(check) }
    }

    /// `POST target`, whose right answers are those that pass `check`.
    pub fn post(
        target: impl Into<String>,
        check: impl Fn(&Reply<'_>) -> Result<(), Wrong> + 'static,
    ) -> Probe {
        Probe { method: "POST", ..Probe::get(target, check) }
    }

    /// A request that must be refused with `status`, and the reason as JSON.
    pub fn refused(method: &'static str, target: impl Into<String>, status: u16) -> Probe {
        let check = move |reply: &Reply<'_>| {
            reply.expect_status(status)?;
            reply.expect_json()?;
            let body = serde_json::from_slice::<serde_json::Value>(reply.body);
            let is_explained = body.is_ok_and(|body| body.get("error").is_some());
            if is_explained { Ok(()) } else { Err(Wrong::Unexplained) }
        };
        Probe { method, target: target.into(), body: None, check: Box::new(check) }
    }

    /// The same with a body.
    #[must_use]
    pub fn with_body(self, body: impl Into<String>) -> Probe {
        Probe { body: Some(body.into()), ..self }
    }

    /// Checks the answer.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, reply: &Reply<'_>) -> Result<(), Wrong> {
        (self.check)(reply)
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_its_status_and_says_why() {
        let probe = Probe::refused("POST", "/demo", 405);
        let check =
            |status, body| probe.check(&Reply { status, content_type: b"application/json", body });
        assert_eq!(check(405, br#"{"error": "no"}"#), Ok(()));
        assert_eq!(check(405, b"{}"), Err(Wrong::Unexplained));
        assert_eq!(check(200, b"[]"), Err(Wrong::Status { got: 200, right: 405 }));
    }
}
