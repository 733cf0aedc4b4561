use std::{error::Error, future::Future, time::Duration};

use serde::Serialize;

use crate::{Settings, SettingsError, launch::version_line};

/// The longest a call to a store may take, waiting for a connection included.
///
/// The contract allows 1 s to say that the database cannot be had; the rest is for the way there and back.
pub const DEADLINE: Duration = Duration::from_millis(800);

/// A layer: a pool of connections and the queries the contract needs, over one driver or ORM.
///
/// Cloning shares the pool. Arguments are owned, so that an implementation can move them to another thread.
pub trait Store: Clone + Send + Sync + 'static {
    /// The layer's own model of a row, serialised as it is: a shared type would tax every layer with a copy.
    type Item: Serialize + Send + 'static;

    /// Makes the pool without connecting, so that a server starts while its database is away.
    fn open(settings: &Settings) -> Result<Self, SettingsError>;

    /// All rows whose name is exactly `name`.
    fn find_by_name(
        &self,
        name: String,
    ) -> impl Future<Output = Result<Vec<Self::Item>, StoreError>> + Send;

    /// Whether the database answers now.
    fn ping(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Why a store gave no answer; 503 in HTTP.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// [`DEADLINE`] passed first.
    #[error("the database did not answer within {} ms", DEADLINE.as_millis())]
    Deadline,
    /// The database, or the way to it, failed.
    #[error("the database cannot be had: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Wraps a driver's error.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
        StoreError::Unavailable(source.into())
    }
}

/// Bounds a store's call by [`DEADLINE`]. The call is dropped when the time is up: a layer must then discard its connection.
pub async fn within_deadline<T>(
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(DEADLINE, call).await.unwrap_or(Err(StoreError::Deadline))
}

/// The body of every answer that is an error: `{"error":"…"}`.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorBody {
    /// One sentence.
    pub error: String,
}

impl ErrorBody {
    /// An error's message as a body.
    pub fn new(error: impl ToString) -> ErrorBody {
        ErrorBody { error: error.to_string() }
    }
}

/// The body of a healthy `/health`: `{"version":"…"}`; an unhealthy server answers with an [`ErrorBody`].
///
/// Who asks learns which server answers, although it may not have started it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct HealthBody {
    version: &'static str,
}

impl HealthBody {
    /// What this process, started by [`launch`](crate::launch), says of itself: the line of `--version`.
    #[must_use]
    pub fn of_this_server() -> HealthBody {
        HealthBody { version: version_line().expect("only what was launched serves") }
    }
}
