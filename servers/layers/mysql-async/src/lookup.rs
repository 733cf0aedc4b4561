use contract::store::{Lookup, StoreError};
use mysql_async::prelude::Queryable;

use crate::{DemoRow, MysqlAsync, Source};

const FIND_BY_NAME: &str =
    "SELECT id, name, create_time, update_time FROM demo_data WHERE name = ?";

impl<P: Source> Lookup for MysqlAsync<P> {
    type Row = DemoRow;

    async fn find_by_name(&self, name: String) -> Result<Vec<DemoRow>, StoreError> {
        let mut connection = self.take().await?;
        let rows = connection.exec_map(FIND_BY_NAME, (name,), DemoRow::new).await;
        let rows = rows.map_err(StoreError::unavailable)?;
        P::give_back(connection);
        Ok(rows)
    }
}
