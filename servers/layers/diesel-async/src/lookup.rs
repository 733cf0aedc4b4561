use contract::store::{Lookup, StoreError};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use layer_diesel_model::{DemoRow, demo_data};

use crate::DieselAsync;

on_both! {
    impl Lookup for DieselAsync<Connection> {
        type Row = DemoRow;

        async fn find_by_name(&self, name: String) -> Result<Vec<DemoRow>, StoreError> {
            let mut lease = self.0.lease().await?;
            let connection: &mut Connection = &mut lease;
            let find = demo_data::table
                .filter(demo_data::name.eq(name))
                .select(DemoRow::as_select())
                .load(connection);
            let rows = find.await.map_err(StoreError::unavailable)?;
            lease.give_back();
            Ok(rows)
        }
    }
}
