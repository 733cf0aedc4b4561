use std::marker::PhantomData;

use contract::{
    Family, Settings, SettingsError,
    store::{Store, StoreError},
};
use diesel::ConnectionError;
use diesel_async::{
    AsyncConnection, AsyncMysqlConnection, AsyncPgConnection, SimpleAsyncConnection,
};
use layer_deadpool::{Connect, Connections};

/// A connection of diesel-async to a database.
pub trait Dialect: AsyncConnection + Send + 'static {
    /// The database's family.
    const FAMILY: Family;

    /// What the driver's URL has besides, as its parameters.
    const PARAMETERS: &'static str;
}

impl Dialect for AsyncMysqlConnection {
    const FAMILY: Family = Family::Mysql;
    // On loopback the driver otherwise asks for the server's Unix socket and moves there; every layer speaks TCP.
    const PARAMETERS: &'static str = "?prefer_socket=false";
}

impl Dialect for AsyncPgConnection {
    const FAMILY: Family = Family::Postgres;
    const PARAMETERS: &'static str = "";
}

/// Makes connections.
pub(crate) struct Connector<C> {
    url: String,
    connection: PhantomData<fn() -> C>,
}

impl<C: Dialect> Connect for Connector<C> {
    type Connection = C;
    type Error = ConnectionError;

    async fn connect(&self) -> Result<C, ConnectionError> {
        C::establish(&self.url).await
    }
}

/// Diesel over asynchronous connections `C`.
pub struct DieselAsync<C: Dialect>(pub(crate) Connections<Connector<C>>);

/// Diesel over mysql_async.
pub type DieselAsyncMysql = DieselAsync<AsyncMysqlConnection>;

/// Diesel over tokio-postgres.
pub type DieselAsyncPostgres = DieselAsync<AsyncPgConnection>;

impl<C: Dialect> Clone for DieselAsync<C> {
    fn clone(&self) -> DieselAsync<C> {
        DieselAsync(self.0.clone())
    }
}

impl<C: Dialect> Store for DieselAsync<C> {
    fn open(settings: &Settings) -> Result<DieselAsync<C>, SettingsError> {
        let url = settings.database_url(C::FAMILY)?.expose();
        let connector =
            Connector { url: format!("{url}{}", C::PARAMETERS), connection: PhantomData };
        Ok(DieselAsync(Connections::new(connector, settings.pool_size)))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let mut lease = self.0.lease().await?;
        lease.batch_execute("SELECT 1").await.map_err(StoreError::unavailable)?;
        lease.give_back();
        Ok(())
    }
}
