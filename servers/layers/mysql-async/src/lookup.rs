use contract::store::{Lookup, StoreError};
use mysql_async::prelude::Queryable;

use crate::{DemoRow, MysqlAsync};

const FIND_BY_NAME: &str =
    "SELECT id, name, create_time, update_time FROM demo_data WHERE name = ?";

impl Lookup for MysqlAsync {
    type Row = DemoRow;

    async fn find_by_name(&self, name: String) -> Result<Vec<DemoRow>, StoreError> {
        self.connection()
            .await?
            .exec_map(FIND_BY_NAME, (name,), |(id, name, create_time, update_time)| DemoRow {
                id,
                name,
                create_time,
                update_time,
            })
            .await
            .map_err(StoreError::unavailable)
    }
}
