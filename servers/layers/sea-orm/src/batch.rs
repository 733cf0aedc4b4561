use contract::store::{Batch, StoreError};
use sea_orm::EntityTrait;

use crate::{
    SeaOrm,
    model::demo_data::{Entity, Model},
    session::{Backend, Session},
};

impl<D: Backend> Batch for SeaOrm<D> {
    async fn find_by_id(&self, id: i64) -> Result<Option<Model>, StoreError> {
        let session = self.session().await?;
        let row = find(&session, id).await?;
        session.give_back();
        Ok(row)
    }

    async fn find_one_by_one(&self, ids: Vec<i64>) -> Result<Vec<Option<Model>>, StoreError> {
        let session = self.session().await?;
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            rows.push(find(&session, id).await?);
        }
        session.give_back();
        Ok(rows)
    }
}

async fn find<D: Backend>(session: &Session<D>, id: i64) -> Result<Option<Model>, StoreError> {
    Entity::find_by_id(id).one(session).await.map_err(StoreError::unavailable)
}
