//! `GET /health`: whether the server and its store can answer.

use serde::Serialize;

use crate::{
    Refusal,
    launch::version_line,
    store::{Store, within_deadline},
};

/// The endpoint's path.
pub const PATH: &str = "/health";

/// The body of a healthy server's answer: `{"version":"…"}`. A client that has not started the server learns from it which one it is.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Body {
    version: &'static str,
}

impl Body {
    /// The version of this process, which [`launch`](crate::launch) has started: the line that `--version` prints.
    #[must_use]
    pub fn of_this_server() -> Body {
        Body { version: version_line().expect("only a launched process serves") }
    }
}

/// Asks the store whether it answers now.
pub async fn answer<S: Store>(store: &S) -> Result<Body, Refusal> {
    within_deadline(store.ping()).await?;
    Ok(Body::of_this_server())
}
