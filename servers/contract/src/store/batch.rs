use std::future::Future;

use futures_util::future::try_join_all;

use super::{Lookup, StoreError};

/// Lookups of rows by their id, many for one request.
pub trait Batch: Lookup {
    /// Finds the row of an id.
    fn find_by_id(
        &self,
        id: i64,
    ) -> impl Future<Output = Result<Option<Self::Row>, StoreError>> + Send;

    /// Finds the row of each id, one after the other, over one connection.
    fn find_one_by_one(
        &self,
        ids: Vec<i64>,
    ) -> impl Future<Output = Result<Vec<Option<Self::Row>>, StoreError>> + Send;

    /// Finds the row of each id, all at once, each over whichever connection the pool gives it.
    fn find_at_once(
        &self,
        ids: Vec<i64>,
    ) -> impl Future<Output = Result<Vec<Option<Self::Row>>, StoreError>> + Send {
        try_join_all(ids.into_iter().map(|id| self.find_by_id(id)))
    }
}
