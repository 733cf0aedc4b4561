use contract::store::{Lookup, StoreError};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    SeaOrm,
    model::{Column, Entity, Model},
};

impl Lookup for SeaOrm {
    type Row = Model;

    async fn find_by_name(&self, name: String) -> Result<Vec<Model>, StoreError> {
        let connection = self.lease().await?;
        let rows = Entity::find()
            .filter(Column::Name.eq(name))
            .all(&connection)
            .await
            .map_err(StoreError::unavailable)?;
        connection.give_back();
        Ok(rows)
    }
}
