use std::future::Future;

use super::{Lookup, StoreError};
use crate::endpoint::page::Range;

/// Pages of rows by the beginning of their name.
pub trait Page: Lookup {
    /// Finds the first [`ROWS`](crate::endpoint::page::ROWS) rows whose name lies in `range`, by name and then by id.
    fn find_page(
        &self,
        range: Range,
    ) -> impl Future<Output = Result<Vec<Self::Row>, StoreError>> + Send;
}
