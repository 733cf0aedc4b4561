use contract::store::{Insert, StoreError};
use mysql_async::{TxOpts, prelude::Queryable};

use crate::{DemoRow, MysqlAsync, Source, batch::FIND_BY_ID};

const INSERT: &str = "INSERT INTO demo_data (name) VALUES (?)";

impl<P: Source> Insert for MysqlAsync<P> {
    async fn insert(&self, name: String) -> Result<DemoRow, StoreError> {
        let mut connection = self.take().await?;
        let inserted = async {
            let mut transaction = connection.start_transaction(TxOpts::default()).await?;
            transaction.exec_drop(INSERT, (name,)).await?;
            let id = transaction.last_insert_id();
            let row = transaction.exec_first(FIND_BY_ID, (id,)).await?;
            transaction.commit().await?;
            Ok(row)
        };
        let row: Option<_> =
            inserted.await.map_err(StoreError::unavailable::<mysql_async::Error>)?;
        P::give_back(connection);
        row.map(DemoRow::new).ok_or_else(StoreError::vanished)
    }
}
