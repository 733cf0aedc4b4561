use contract::store::{Lookup, StoreError};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    SeaOrm,
    model::demo_data::{Column, Entity, Model},
    session::Backend,
};

impl<D: Backend> Lookup for SeaOrm<D> {
    type Row = Model;

    async fn find_by_name(&self, name: String) -> Result<Vec<Model>, StoreError> {
        let session = self.session().await?;
        let rows = Entity::find().filter(Column::Name.eq(name)).all(&session).await;
        let rows = rows.map_err(StoreError::unavailable)?;
        session.give_back();
        Ok(rows)
    }
}
