use contract::store::{Lookup, StoreError};
use diesel::{connection::DefaultLoadingMode, prelude::*};

use crate::{DemoRow, Raw, sql::FindByName};

on_both! {
    impl Lookup for Raw<Connection> {
        type Row = DemoRow;

        async fn find_by_name(&self, name: String) -> Result<Vec<DemoRow>, StoreError> {
            let find = move |connection: &mut Connection| {
                let rows = FindByName { name }.load_iter::<_, DefaultLoadingMode>(connection)?;
                rows.map(|row| row.map(DemoRow::new)).collect()
            };
            self.0.interact(find).await
        }
    }
}
