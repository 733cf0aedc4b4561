use contract::store::{Insert, StoreError};
use sqlx::{Connection, MySql, Postgres, Transaction, query, query_as, query_scalar};

use crate::{DemoRow, Dialect, Sqlx, batch::FIND_BY_ID};

on_both! {
    impl Insert for Sqlx<Database> {
        async fn insert(&self, name: String) -> Result<DemoRow, StoreError> {
            let mut lease = self.0.lease().await?;
            let inserted = async {
                let mut transaction: Transaction<'_, Database> = lease.begin().await?;
                let id = Database::insert(&mut transaction, name).await?;
                let find = query_as(Database::of(FIND_BY_ID)).bind(id);
                let row = find.fetch_one(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(row)
            };
            let row = inserted.await.map_err(StoreError::unavailable::<sqlx::Error>)?;
            lease.give_back();
            Ok(row)
        }
    }
}

/// Inserts a row; the databases differ in how its id becomes known.
trait InsertRow: Dialect {
    /// Inserts a row with this name, and returns its id.
    async fn insert(connection: &mut Self::Connection, name: String) -> Result<i64, sqlx::Error>;
}

impl InsertRow for MySql {
    async fn insert(connection: &mut Self::Connection, name: String) -> Result<i64, sqlx::Error> {
        let insert = query("INSERT INTO demo_data (name) VALUES (?)").bind(name);
        let id = insert.execute(connection).await?.last_insert_id();
        i64::try_from(id).map_err(|error| sqlx::Error::Decode(error.into()))
    }
}

impl InsertRow for Postgres {
    async fn insert(connection: &mut Self::Connection, name: String) -> Result<i64, sqlx::Error> {
        let insert = query_scalar("INSERT INTO demo_data (name) VALUES ($1) RETURNING id");
        insert.bind(name).fetch_one(connection).await
    }
}
