//! What a layer can do, over one driver or ORM: [`Store`] is every layer's, and each other trait is a capability.
//! Servers are generic over the traits that their endpoints need, so no request is dispatched at run time.

mod agents;
mod batch;
mod insert;
mod lookup;
mod page;

use std::{error::Error, future::Future, time::Duration};

pub use agents::Agents;
pub use batch::Batch;
pub use insert::Insert;
pub use lookup::Lookup;
pub use page::Page;

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

/// A store that can do all that there are endpoints for.
pub trait Whole: Lookup + Page + Agents + Insert + Batch {}

impl<S: Lookup + Page + Agents + Insert + Batch> Whole for S {}

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
    pub fn unavailable<E: Into<Box<dyn Error + Send + Sync>>>(source: E) -> StoreError {
        StoreError::Unavailable(source.into())
    }

    /// The error of a row that was inserted and is not there.
    #[must_use]
    pub fn vanished() -> StoreError {
        StoreError::unavailable("a row that was inserted cannot be read")
    }
}

/// Bounds a store's call by [`DEADLINE`]. The call is dropped when the time is up: a layer must then discard its connection.
pub async fn within_deadline<T>(
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(DEADLINE, call).await.unwrap_or(Err(StoreError::Deadline))
}
