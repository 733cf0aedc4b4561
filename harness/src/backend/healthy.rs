//! Waiting for a server's first healthy answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::failure::Error;
use crate::os::http;
use crate::os::stop::{Stop, WaitError, wait_closely};

/// How long a server may take from its start to its first healthy answer.
const HEALTHY_TIMEOUT: Duration = Duration::from_secs(15);

/// Waits until the server at `address` is healthy, and returns the body of its answer. `alive` is called before each
/// request and ends the waiting by its error.
///
/// # Errors
/// The error of `alive`; the interruption; or, when the time is up, the failure that `late` makes of what came last.
pub(super) fn wait(
    address: SocketAddr,
    stop: &Stop,
    mut alive: impl FnMut() -> Result<(), Error>,
    late: impl FnOnce(&str) -> Error,
) -> Result<Vec<u8>, Error> {
    let mut last = String::from("no answer");
    let healthy = wait_closely(Instant::now() + HEALTHY_TIMEOUT, stop, || {
        alive()?;
        match http::get(address, "/health", Duration::from_secs(2)) {
            Ok(answer) if answer.status == 200 => return Ok(Some(answer.body)),
            Ok(answer) => last = format!("status {}", answer.status),
            Err(error) => last = error.to_string(),
        }
        Ok(None)
    });
    healthy.map_err(|error| match error {
        WaitError::Interrupted => Error::Interrupted,
        WaitError::Failed(error) => error,
        WaitError::TimedOut => {
            late(&format!("is not healthy after {} s ({last})", HEALTHY_TIMEOUT.as_secs()))
        }
    })
}
