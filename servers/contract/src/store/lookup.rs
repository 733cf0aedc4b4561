use std::future::Future;

use serde::Serialize;

use super::{Store, StoreError};

/// Lookups of rows by their name.
pub trait Lookup: Store {
    /// The layer's own model of a row, serialised as it is: a shared type would tax every layer with a copy.
    type Row: Serialize + Send + 'static;

    /// Finds all rows whose name is exactly `name`, which is owned so that an implementation can move it to another thread.
    fn find_by_name(
        &self,
        name: String,
    ) -> impl Future<Output = Result<Vec<Self::Row>, StoreError>> + Send;
}
