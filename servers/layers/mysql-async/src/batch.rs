use contract::store::{Batch, StoreError};
use mysql_async::{Conn, prelude::Queryable};

use crate::{DemoRow, MysqlAsync, Source};

pub(crate) const FIND_BY_ID: &str =
    "SELECT id, name, create_time, update_time FROM demo_data WHERE id = ?";

impl<P: Source> Batch for MysqlAsync<P> {
    async fn find_by_id(&self, id: i64) -> Result<Option<DemoRow>, StoreError> {
        let mut connection = self.take().await?;
        let row = find(&mut connection, id).await?;
        P::give_back(connection);
        Ok(row)
    }

    async fn find_one_by_one(&self, ids: Vec<i64>) -> Result<Vec<Option<DemoRow>>, StoreError> {
        let mut connection = self.take().await?;
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            rows.push(find(&mut connection, id).await?);
        }
        P::give_back(connection);
        Ok(rows)
    }
}

async fn find(connection: &mut Conn, id: i64) -> Result<Option<DemoRow>, StoreError> {
    let row = connection.exec_first(FIND_BY_ID, (id,)).await.map_err(StoreError::unavailable)?;
    Ok(row.map(DemoRow::new))
}
