use contract::store::{Lookup, StoreError};

use crate::{DemoRow, TokioPostgres, connection::query};

const FIND_BY_NAME: &str =
    "SELECT id, name, create_time, update_time FROM demo_data WHERE name = $1";

impl Lookup for TokioPostgres {
    type Row = DemoRow;

    async fn find_by_name(&self, name: String) -> Result<Vec<DemoRow>, StoreError> {
        let lease = self.0.lease().await?;
        let rows = query(&lease, FIND_BY_NAME, &[&name]).await?;
        lease.give_back();
        Ok(rows)
    }
}
