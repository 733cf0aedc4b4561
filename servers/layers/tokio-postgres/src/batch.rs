use contract::store::{Batch, StoreError};
use deadpool_postgres::ClientWrapper;

use crate::{DemoRow, TokioPostgres, connection::query};

pub(crate) const FIND_BY_ID: &str =
    "SELECT id, name, create_time, update_time FROM demo_data WHERE id = $1";

impl Batch for TokioPostgres {
    async fn find_by_id(&self, id: i64) -> Result<Option<DemoRow>, StoreError> {
        let lease = self.0.lease().await?;
        let row = find(&lease, id).await?;
        lease.give_back();
        Ok(row)
    }

    async fn find_one_by_one(&self, ids: Vec<i64>) -> Result<Vec<Option<DemoRow>>, StoreError> {
        let lease = self.0.lease().await?;
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            rows.push(find(&lease, id).await?);
        }
        lease.give_back();
        Ok(rows)
    }
}

async fn find(client: &ClientWrapper, id: i64) -> Result<Option<DemoRow>, StoreError> {
    Ok(query(client, FIND_BY_ID, &[&id]).await?.pop())
}
