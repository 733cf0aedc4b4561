use contract::store::{Batch, StoreError};
use diesel::prelude::*;
use layer_diesel_model::{DemoRow, demo_data};

use crate::Diesel;

on_both! {
    impl Batch for Diesel<Connection> {
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
        demo_data::table.find(id).select(DemoRow::as_select()).first(connection).optional()
    }
}
