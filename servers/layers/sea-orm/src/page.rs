use contract::{
    endpoint::page::{ROWS, Range},
    store::{Page, StoreError},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    SeaOrm,
    model::demo_data::{Column, Entity, Model},
    session::Backend,
};

impl<D: Backend> Page for SeaOrm<D> {
    async fn find_page(&self, range: Range) -> Result<Vec<Model>, StoreError> {
        let session = self.session().await?;
        let rows = Entity::find()
            .filter(Column::Name.gte(range.from))
            .filter(Column::Name.lt(range.below))
            .order_by_asc(Column::Name)
            .order_by_asc(Column::Id)
            .limit(u64::from(ROWS))
            .all(&session);
        let rows = rows.await.map_err(StoreError::unavailable)?;
        session.give_back();
        Ok(rows)
    }
}
