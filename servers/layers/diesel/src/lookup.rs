use contract::store::{Lookup, StoreError};
use diesel::prelude::*;
use layer_diesel_model::{DemoRow, demo_data};

use crate::Diesel;

on_both! {
    impl Lookup for Diesel<Connection> {
        type Row = DemoRow;

        async fn find_by_name(&self, name: String) -> Result<Vec<DemoRow>, StoreError> {
            let find = move |connection: &mut Connection| {
                demo_data::table
                    .filter(demo_data::name.eq(name))
                    .select(DemoRow::as_select())
                    .load(connection)
            };
            self.0.interact(find).await
        }
    }
}
