//! SeaORM on MySQL and PostgreSQL: entities and its query builder, on the layer sqlx's connections and pool. The README
//! says what was decided.

mod agents;
mod batch;
mod insert;
mod lookup;
mod model;
mod page;
mod session;

use contract::{
    Settings, SettingsError,
    store::{Store, StoreError},
};
use layer_sqlx::{Connections, Dialect};

use crate::session::{Backend, Session};

/// SeaORM on the database `D`.
pub struct SeaOrm<D: Dialect>(Connections<D>);

/// SeaORM on MySQL.
pub type SeaOrmMysql = SeaOrm<sea_orm::sqlx::MySql>;

/// SeaORM on PostgreSQL.
pub type SeaOrmPostgres = SeaOrm<sea_orm::sqlx::Postgres>;

impl<D: Dialect> Clone for SeaOrm<D> {
    fn clone(&self) -> SeaOrm<D> {
        SeaOrm(self.0.clone())
    }
}

impl<D: Backend> Store for SeaOrm<D> {
    fn open(settings: &Settings) -> Result<SeaOrm<D>, SettingsError> {
        layer_sqlx::open(settings).map(SeaOrm)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        layer_sqlx::ping(&self.0).await
    }
}

impl<D: Backend> SeaOrm<D> {
    async fn session(&self) -> Result<Session<D>, StoreError> {
        Ok(Session::new(self.0.lease().await?))
    }
}
