//! Single HTTP requests without time pressure: for health checks and verification, never for measurement.

use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

/// A complete response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The content type without its parameters; empty if there was none.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// The reason why there was no complete response.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(String);

/// Sends `GET path` on a new connection.
///
/// # Errors
/// When no complete response arrives within `timeout`. A status code is never an error.
pub fn get(address: SocketAddr, path: &str, timeout: Duration) -> Result<Answer, HttpError> {
    send(address, "GET", path, timeout)
}

/// Sends `GET path` on a new connection, and returns a reader of the body, which may still be growing.
///
/// # Errors
/// When no response arrives within `timeout`, or its status is not 200; the error then quotes the body.
pub fn lines(
    address: SocketAddr,
    path: &str,
    timeout: Duration,
) -> Result<impl Read + use<>, HttpError> {
    let failed = |error: ureq::Error| HttpError(error.to_string());
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .proxy(None)
        .http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let mut response = agent.get(format!("http://{address}{path}")).call().map_err(failed)?;
    if response.status() != 200 {
        let said = response.body_mut().read_to_string().unwrap_or_default();
        return Err(HttpError(format!("status {}: {said}", response.status())));
    }
    Ok(response.into_body().into_reader())
}

/// Sends a request without a body on a new connection.
///
/// # Errors
/// When no complete response arrives within `timeout`. A status code is never an error.
pub fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    timeout: Duration,
) -> Result<Answer, HttpError> {
    let failed = |error: ureq::Error| HttpError(error.to_string());
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .allow_non_standard_methods(true)
        .build()
        .into();
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"))
        .body(())
        .map_err(|error| HttpError(error.to_string()))?;
    let mut response = agent.run(request).map_err(failed)?;
    let content_type = response.body().mime_type().unwrap_or_default().to_owned();
    let body = response.body_mut().with_config().limit(64 << 20).read_to_vec().map_err(failed)?;
    Ok(Answer { status: response.status().as_u16(), content_type, body })
}
