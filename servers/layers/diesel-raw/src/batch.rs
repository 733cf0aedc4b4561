use contract::store::{Batch, StoreError};
use diesel::prelude::*;

use crate::{DemoRow, Raw, sql::FindById};

on_both! {
    impl Batch for Raw<Connection> {
        async fn find_by_id(&self, id: i64) -> Result<Option<DemoRow>, StoreError> {
            self.0.interact(move |connection| find(connection, id)).await
        }

        async fn find_one_by_one(&self, ids: Vec<i64>) -> Result<Vec<Option<DemoRow>>, StoreError> {
            let find = move |connection: &mut Connection| {
                ids.into_iter().map(|id| find(connection, id)).collect()
            };
            self.0.interact(find).await
        }
    }

    fn find(connection: &mut Connection, id: i64) -> QueryResult<Option<DemoRow>> {
        let row = FindById { id }.get_result(connection).optional()?;
        Ok(row.map(DemoRow::new))
    }
}
