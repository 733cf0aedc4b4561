use contract::{
    endpoint::page::{ROWS, Range},
    store::{Page, StoreError},
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use layer_diesel_model::{DemoRow, demo_data};

use crate::DieselAsync;

on_both! {
    impl Page for DieselAsync<Connection> {
        async fn find_page(&self, range: Range) -> Result<Vec<DemoRow>, StoreError> {
            let mut lease = self.0.lease().await?;
            let connection: &mut Connection = &mut lease;
            let find = demo_data::table
                .filter(demo_data::name.ge(range.from))
                .filter(demo_data::name.lt(range.below))
                .order_by((demo_data::name, demo_data::id))
                .limit(i64::from(ROWS))
                .select(DemoRow::as_select())
                .load(connection);
            let rows = find.await.map_err(StoreError::unavailable)?;
            lease.give_back();
            Ok(rows)
        }
    }
}
