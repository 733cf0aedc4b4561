use contract::store::{Lookup, StoreError};
use sqlx::query_as;

use crate::{DemoRow, Dialect, Sql, Sqlx};

const FIND_BY_NAME: Sql = Sql {
    mysql: "SELECT id, name, create_time, update_time FROM demo_data WHERE name = ?",
    postgres: "SELECT id, name, create_time, update_time FROM demo_data WHERE name = $1",
};

on_both! {
    impl Lookup for Sqlx<Database> {
        type Row = DemoRow;

        async fn find_by_name(&self, name: String) -> Result<Vec<DemoRow>, StoreError> {
            let mut lease = self.0.lease().await?;
            let rows = query_as(Database::of(FIND_BY_NAME)).bind(name).fetch_all(&mut *lease);
            let rows = rows.await.map_err(StoreError::unavailable)?;
            lease.give_back();
            Ok(rows)
        }
    }
}
