use contract::{
    endpoint::page::{ROWS, Range},
    store::{Page, StoreError},
};
use diesel::prelude::*;
use layer_diesel_model::{DemoRow, demo_data};

use crate::Diesel;

on_both! {
    impl Page for Diesel<Connection> {
        async fn find_page(&self, range: Range) -> Result<Vec<DemoRow>, StoreError> {
            let find = move |connection: &mut Connection| {
                demo_data::table
                    .filter(demo_data::name.ge(range.from))
                    .filter(demo_data::name.lt(range.below))
                    .order_by((demo_data::name, demo_data::id))
                    .limit(i64::from(ROWS))
                    .select(DemoRow::as_select())
                    .load(connection)
            };
            self.0.interact(find).await
        }
    }
}
