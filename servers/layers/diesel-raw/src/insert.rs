use contract::store::{self, StoreError};
use diesel::{Connection as _, MysqlConnection, PgConnection, prelude::*};
use layer_diesel::Dialect;

use crate::{
    DemoRow, Raw,
    sql::{FindById, FindInserted, Insert, InsertReturningId},
};

on_both! {
    impl store::Insert for Raw<Connection> {
        async fn insert(&self, name: String) -> Result<DemoRow, StoreError> {
            let insert = move |connection: &mut Connection| {
                connection.transaction(|connection| connection.insert_and_read(name))
            };
            self.0.interact(insert).await
        }
    }
}

/// Inserts a row and reads it back; the databases differ in how its id becomes known.
trait InsertRow: Dialect {
    fn insert_and_read(&mut self, name: String) -> QueryResult<DemoRow>;
}

impl InsertRow for MysqlConnection {
    fn insert_and_read(&mut self, name: String) -> QueryResult<DemoRow> {
        Insert { name }.execute(self)?;
        FindInserted {}.get_result(self).map(DemoRow::new)
    }
}

impl InsertRow for PgConnection {
    fn insert_and_read(&mut self, name: String) -> QueryResult<DemoRow> {
        let id = InsertReturningId { name }.get_result(self)?;
        FindById { id }.get_result(self).map(DemoRow::new)
    }
}
