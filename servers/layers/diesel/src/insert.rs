use contract::store::{Insert, StoreError};
use diesel::{Connection as _, MysqlConnection, PgConnection, prelude::*};
use layer_diesel_model::{DemoRow, demo_data, last_insert_id};

use crate::{Diesel, manager::Dialect};

on_both! {
    impl Insert for Diesel<Connection> {
        async fn insert(&self, name: String) -> Result<DemoRow, StoreError> {
            let insert = move |connection: &mut Connection| {
                connection.transaction(|connection| connection.insert_and_read(&name))
            };
            self.0.interact(insert).await
        }
    }
}

/// Inserts a row and reads it back; the databases differ in how its id becomes known.
trait InsertRow: Dialect {
    fn insert_and_read(&mut self, name: &str) -> QueryResult<DemoRow>;
}

impl InsertRow for MysqlConnection {
    fn insert_and_read(&mut self, name: &str) -> QueryResult<DemoRow> {
        diesel::insert_into(demo_data::table).values(demo_data::name.eq(name)).execute(self)?;
        demo_data::table
            .filter(demo_data::id.eq(last_insert_id()))
            .select(DemoRow::as_select())
            .first(self)
    }
}

impl InsertRow for PgConnection {
    fn insert_and_read(&mut self, name: &str) -> QueryResult<DemoRow> {
        let id: i64 = diesel::insert_into(demo_data::table)
            .values(demo_data::name.eq(name))
            .returning(demo_data::id)
            .get_result(self)?;
        demo_data::table.find(id).select(DemoRow::as_select()).first(self)
    }
}
