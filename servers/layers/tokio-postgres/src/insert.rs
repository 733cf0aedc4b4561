use contract::store::{Insert, StoreError};
use tokio_postgres::Error;

use crate::{DemoRow, TokioPostgres, batch::FIND_BY_ID};

const INSERT: &str = "INSERT INTO demo_data (name) VALUES ($1) RETURNING id";

impl Insert for TokioPostgres {
    async fn insert(&self, name: String) -> Result<DemoRow, StoreError> {
        let mut lease = self.0.lease().await?;
        let inserted = async {
            let transaction = lease.transaction().await?;
            let insert = transaction.prepare_cached(INSERT).await?;
            let id: i64 = transaction.query_one(&insert, &[&name]).await?.try_get(0)?;
            let find = transaction.prepare_cached(FIND_BY_ID).await?;
            let row = DemoRow::try_from(&transaction.query_one(&find, &[&id]).await?)?;
            transaction.commit().await?;
            Ok(row)
        };
        let row = inserted.await.map_err(StoreError::unavailable::<Error>)?;
        lease.give_back();
        Ok(row)
    }
}
