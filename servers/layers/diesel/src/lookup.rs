use contract::store::{Lookup, StoreError};
use diesel::prelude::*;

use crate::{
    Diesel,
    model::{DemoRow, demo_data},
};

impl Lookup for Diesel {
    type Row = DemoRow;

    async fn find_by_name(&self, name: String) -> Result<Vec<DemoRow>, StoreError> {
        self.interact(move |connection| {
            demo_data::table
                .filter(demo_data::name.eq(name))
                .select(DemoRow::as_select())
                .load(connection)
        })
        .await
    }
}
