//! The store over SeaORM: entities and its query builder, on sqlx connections from a pool that sends nothing of its own.
//! Its README says what was decided.

mod entity;
mod lease;
mod pool;

use contract::{Settings, SettingsError, Store, StoreError};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

pub use crate::entity::Model;
use crate::{lease::Lease, pool::Pool};

/// A pool of sqlx connections.
#[derive(Clone, Debug)]
pub struct SeaOrm {
    pool: Pool,
}

impl Store for SeaOrm {
    type Item = Model;

    fn open(settings: &Settings) -> Result<SeaOrm, SettingsError> {
        Ok(SeaOrm { pool: pool::open(settings)? })
    }

    async fn find_by_name(&self, name: String) -> Result<Vec<Model>, StoreError> {
        let connection = self.lease().await?;
        let rows = entity::Entity::find()
            .filter(entity::Column::Name.eq(name))
            .all(&connection)
            .await
            .map_err(StoreError::unavailable)?;
        connection.give_back();
        Ok(rows)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let connection = self.lease().await?;
        connection.ping().await.map_err(StoreError::unavailable)?;
        connection.give_back();
        Ok(())
    }
}

impl SeaOrm {
    async fn lease(&self) -> Result<Lease, StoreError> {
        self.pool.get().await.map(Lease::new).map_err(StoreError::unavailable)
    }
}
