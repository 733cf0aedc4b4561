use contract::store::{Insert, StoreError};
use diesel::{prelude::*, result::Error};
use diesel_async::{AsyncConnection, AsyncMysqlConnection, AsyncPgConnection, RunQueryDsl};
use layer_diesel_model::{DemoRow, demo_data, last_insert_id};

use crate::{Dialect, DieselAsync};

on_both! {
    impl Insert for DieselAsync<Connection> {
        async fn insert(&self, name: String) -> Result<DemoRow, StoreError> {
            let mut lease = self.0.lease().await?;
            let connection: &mut Connection = &mut lease;
            let insert = async |connection: &mut Connection| -> Result<DemoRow, Error> {
                connection.insert_and_read(&name).await
            };
            let row = connection.transaction(insert).await.map_err(StoreError::unavailable)?;
            lease.give_back();
            Ok(row)
        }
    }
}

/// Inserts a row and reads it back; the databases differ in how its id becomes known.
trait InsertRow: Dialect {
    async fn insert_and_read(&mut self, name: &str) -> QueryResult<DemoRow>;
}

impl InsertRow for AsyncMysqlConnection {
    async fn insert_and_read(&mut self, name: &str) -> QueryResult<DemoRow> {
        let row = demo_data::name.eq(name);
        diesel::insert_into(demo_data::table).values(row).execute(self).await?;
        demo_data::table
            .filter(demo_data::id.eq(last_insert_id()))
            .select(DemoRow::as_select())
            .first(self)
            .await
    }
}

impl InsertRow for AsyncPgConnection {
    async fn insert_and_read(&mut self, name: &str) -> QueryResult<DemoRow> {
        let id: i64 = diesel::insert_into(demo_data::table)
            .values(demo_data::name.eq(name))
            .returning(demo_data::id)
            .get_result(self)
            .await?;
        demo_data::table.find(id).select(DemoRow::as_select()).first(self).await
    }
}
