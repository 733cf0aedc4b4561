//! Waiting for a server's first healthy answer.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::BackendError;
use crate::os::http;

/// How long a server may take from its start to its first healthy answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why there was no healthy answer.
pub(super) enum Unhealthy {
    /// In time; with what came last.
    Late(String),
    /// Because of something else, the interruption included.
    Other(BackendError),
}

/// Waits until the server at `address` is healthy, and returns what it says of its health; `alive` is asked
/// before each try and ends the waiting by its error.
pub(super) fn wait(
    address: SocketAddr,
    stop: &AtomicBool,
    mut alive: impl FnMut() -> Result<(), BackendError>,
) -> Result<Vec<u8>, Unhealthy> {
    let deadline = Instant::now() + PATIENCE;
    let mut last = String::from("no answer");
    while Instant::now() < deadline {
        if stop.load(Ordering::Relaxed) {
            return Err(Unhealthy::Other(BackendError("interrupted".into())));
        }
        alive().map_err(Unhealthy::Other)?;
        match http::get(address, "/health", Duration::from_secs(2)) {
            Ok(answer) if answer.status == 200 => return Ok(answer.body),
            Ok(answer) => last = format!("status {}", answer.status),
            Err(error) => last = error.to_string(),
        }
        thread::sleep(Duration::from_millis(5));
    }
    let seconds = PATIENCE.as_secs();
    Err(Unhealthy::Late(format!("is not healthy after {seconds} s ({last})")))
}
