use std::future::Future;

use super::{Lookup, StoreError};

/// Insertions of rows.
pub trait Insert: Lookup {
    /// Inserts a row with this name and the database's own defaults, and reads it back by its id, in one transaction.
    fn insert(&self, name: String) -> impl Future<Output = Result<Self::Row, StoreError>> + Send;
}
