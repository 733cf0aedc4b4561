use contract::store::{Insert, StoreError};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};

use crate::{
    SeaOrm,
    model::demo_data::{ActiveModel, Entity, Model},
    session::Backend,
};

impl<D: Backend> Insert for SeaOrm<D> {
    async fn insert(&self, name: String) -> Result<Model, StoreError> {
        let session = self.session().await?;
        let inserted = async {
            // SeaORM's own transactions are of its own connections alone.
            session.execute_unprepared("BEGIN").await?;
            let row = ActiveModel { name: Set(name), ..ActiveModel::default() };
            let id = Entity::insert(row).exec(&session).await?.last_insert_id;
            let row = Entity::find_by_id(id).one(&session).await?;
            session.execute_unprepared("COMMIT").await?;
            Ok(row)
        };
        let row = inserted.await.map_err(StoreError::unavailable::<DbErr>)?;
        session.give_back();
        row.ok_or_else(StoreError::vanished)
    }
}
