//! Waiting for a condition instead of for a guessed time.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep};

/// Probes until `probe` gives a value or `limit` has passed.
pub(crate) async fn until<T, F>(limit: Duration, mut probe: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Option<T>>,
{
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = probe().await {
            return Some(value);
        }
        if Instant::now() >= end {
            return None;
        }
        sleep(Duration::from_millis(5)).await;
    }
}
