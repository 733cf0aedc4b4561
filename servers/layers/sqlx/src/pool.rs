use contract::{Settings, SettingsError, store::StoreError};
use layer_deadpool::Connect;
use sqlx::Connection;

use crate::dialect::{Dialect, Options};

/// Makes connections to the database `D`.
pub struct Connector<D: Dialect>(Options<D>);

impl<D: Dialect> Connect for Connector<D> {
    type Connection = D::Connection;
    type Error = sqlx::Error;

    async fn connect(&self) -> Result<D::Connection, sqlx::Error> {
        D::Connection::connect_with(&self.0).await
    }
}

/// A pool of connections to the database `D`.
pub type Connections<D> = layer_deadpool::Connections<Connector<D>>;

/// A pooled connection to the database `D`.
pub type Lease<D> = layer_deadpool::Lease<Connector<D>>;

/// Makes the pool without connecting.
pub fn open<D: Dialect>(settings: &Settings) -> Result<Connections<D>, SettingsError> {
    let url = settings.database_url(D::FAMILY)?.expose();
    let options = D::options(url).map_err(|error| SettingsError::Database(error.to_string()))?;
    Ok(Connections::new(Connector(options), settings.pool_size))
}

/// Whether the database answers now.
pub async fn ping<D: Dialect>(connections: &Connections<D>) -> Result<(), StoreError> {
    let mut lease = connections.lease().await?;
    lease.ping().await.map_err(StoreError::unavailable)?;
    lease.give_back();
    Ok(())
}
