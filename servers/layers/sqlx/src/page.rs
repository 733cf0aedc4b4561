use contract::{
    endpoint::page::{ROWS, Range},
    store::{Page, StoreError},
};
use sqlx::query_as;

use crate::{DemoRow, Dialect, Sql, Sqlx};

const FIND_PAGE: Sql = Sql {
    mysql: "SELECT id, name, create_time, update_time FROM demo_data \
            WHERE name >= ? AND name < ? ORDER BY name, id LIMIT ?",
    postgres: "SELECT id, name, create_time, update_time FROM demo_data \
               WHERE name >= $1 AND name < $2 ORDER BY name, id LIMIT $3",
};

on_both! {
    impl Page for Sqlx<Database> {
        async fn find_page(&self, range: Range) -> Result<Vec<DemoRow>, StoreError> {
            let mut lease = self.0.lease().await?;
            let rows = query_as(Database::of(FIND_PAGE))
                .bind(range.from)
                .bind(range.below)
                .bind(i64::from(ROWS))
                .fetch_all(&mut *lease);
            let rows = rows.await.map_err(StoreError::unavailable)?;
            lease.give_back();
            Ok(rows)
        }
    }
}
