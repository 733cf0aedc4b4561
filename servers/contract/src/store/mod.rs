//! What a layer can do, over one driver or ORM: [`Store`] is every layer's, and each other trait is a capability that
//! a layer has or lacks. Servers are generic over the traits that their endpoints need, so no request is dispatched
//! at run time.

mod lookup;

use std::{error::Error, future::Future, time::Duration};

pub use lookup::Lookup;

use crate::{Settings, SettingsError};

/// The longest a call to a store may take, waiting for a connection included.
///
/// The contract allows 1 s for a 503; the rest is for the way there and back.
pub const DEADLINE: Duration = Duration::from_millis(800);

/// A pool of connections. Cloning shares the pool.
pub trait Store: Clone + Send + Sync + 'static {
    /// Makes the pool without connecting, so that a server starts while its database is away.
    fn open(settings: &Settings) -> Result<Self, SettingsError>;

    /// Whether the database answers now.
    fn ping(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Why a store gave no answer.
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
