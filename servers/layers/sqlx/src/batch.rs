use contract::store::{Batch, StoreError};
use sqlx::query_as;

use crate::{DemoRow, Dialect, Sql, Sqlx};

pub(crate) const FIND_BY_ID: Sql = Sql {
    mysql: "SELECT id, name, create_time, update_time FROM demo_data WHERE id = ?",
    postgres: "SELECT id, name, create_time, update_time FROM demo_data WHERE id = $1",
};

on_both! {
    impl Batch for Sqlx<Database> {
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

    async fn find(
        connection: &mut <Database as sqlx::Database>::Connection,
        id: i64,
    ) -> Result<Option<DemoRow>, StoreError> {
        let row = query_as(Database::of(FIND_BY_ID)).bind(id).fetch_optional(connection);
        row.await.map_err(StoreError::unavailable)
    }
}
