use contract::store::{Batch, StoreError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use layer_diesel_model::{DemoRow, demo_data};

use crate::DieselAsync;

on_both! {
    impl Batch for DieselAsync<Connection> {
        async fn find_by_id(&self, id: i64) -> Result<Option<DemoRow>, StoreError> {
            let mut lease = self.0.lease().await?;
            let row = find(&mut lease, id).await?;
            lease.give_back();
            Ok(row)
        }

        async fn find_one_by_one(&self, ids: Vec<i64>) -> Result<Vec<Option<DemoRow>>, StoreError> {
            let mut lease = self.0.lease().await?;
            let mut rows = Vec::with_capacity(ids.len());
            for id in ids {
                rows.push(find(&mut lease, id).await?);
            }
            lease.give_back();
            Ok(rows)
        }
    }

    async fn find(connection: &mut Connection, id: i64) -> Result<Option<DemoRow>, StoreError> {
        let find = demo_data::table.find(id).select(DemoRow::as_select()).first(connection);
        find.await.optional().map_err(StoreError::unavailable)
    }
}
