use contract::{
    endpoint::page::{ROWS, Range},
    store::{Page, StoreError},
};
use mysql_async::prelude::Queryable;

use crate::{DemoRow, MysqlAsync, Source};

const FIND_PAGE: &str = "SELECT id, name, create_time, update_time FROM demo_data \
     WHERE name >= ? AND name < ? ORDER BY name, id LIMIT ?";

impl<P: Source> Page for MysqlAsync<P> {
    async fn find_page(&self, Range { from, below }: Range) -> Result<Vec<DemoRow>, StoreError> {
        let mut connection = self.take().await?;
        let rows = connection.exec_map(FIND_PAGE, (from, below, ROWS), DemoRow::new).await;
        let rows = rows.map_err(StoreError::unavailable)?;
        P::give_back(connection);
        Ok(rows)
    }
}
