use contract::{
    endpoint::page::{ROWS, Range},
    store::{Page, StoreError},
};
use diesel::{connection::DefaultLoadingMode, prelude::*};

use crate::{DemoRow, Raw, sql::FindPage};

on_both! {
    impl Page for Raw<Connection> {
        async fn find_page(&self, Range { from, below }: Range) -> Result<Vec<DemoRow>, StoreError> {
            let find = move |connection: &mut Connection| {
                let page = FindPage { from, below, limit: i64::from(ROWS) };
                let rows = page.load_iter::<_, DefaultLoadingMode>(connection)?;
                rows.map(|row| row.map(DemoRow::new)).collect()
            };
            self.0.interact(find).await
        }
    }
}
