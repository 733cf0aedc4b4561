use contract::{
    endpoint::page::{ROWS, Range},
    store::{Page, StoreError},
};

use crate::{DemoRow, TokioPostgres, connection::query};

const FIND_PAGE: &str = "SELECT id, name, create_time, update_time FROM demo_data \
     WHERE name >= $1 AND name < $2 ORDER BY name, id LIMIT $3";

impl Page for TokioPostgres {
    async fn find_page(&self, Range { from, below }: Range) -> Result<Vec<DemoRow>, StoreError> {
        let lease = self.0.lease().await?;
        let rows = query(&lease, FIND_PAGE, &[&from, &below, &i64::from(ROWS)]).await?;
        lease.give_back();
        Ok(rows)
    }
}
