use std::ops::{Deref, DerefMut};

use contract::{
    Family, Settings, SettingsError,
    store::{Store, StoreError},
};
use layer_deadpool::{Connect, Connections, Lease};
use mysql_async::{Conn, Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts, prelude::Queryable};

/// mysql_async with its connections in a pool `P`: the driver's own, unless it says otherwise.
#[derive(Clone)]
pub struct MysqlAsync<P = DriverPool>(P);

/// A pool that connections are taken from.
pub trait Source: Clone + Send + Sync + 'static {
    /// A connection that is taken.
    type Taken: DerefMut<Target = Conn> + Send;

    /// Makes the pool without connecting.
    fn open(settings: &Settings) -> Result<Self, SettingsError>;

    /// Takes a connection, and waits for one if all are taken.
    fn take(&self) -> impl Future<Output = Result<Self::Taken, StoreError>> + Send;

    /// Returns a connection on which everything has been answered.
    fn give_back(taken: Self::Taken);
}

impl<P: Source> Store for MysqlAsync<P> {
    fn open(settings: &Settings) -> Result<MysqlAsync<P>, SettingsError> {
        P::open(settings).map(MysqlAsync)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let mut connection = self.take().await?;
        connection.ping().await.map_err(StoreError::unavailable)?;
        P::give_back(connection);
        Ok(())
    }
}

impl<P: Source> MysqlAsync<P> {
    pub(crate) async fn take(&self) -> Result<P::Taken, StoreError> {
        self.0.take().await
    }
}

/// The driver's own pool.
#[derive(Clone, Debug)]
pub struct DriverPool(Pool);

/// A connection of the driver's pool, which it returns to when it is dropped, or is closed if something failed on it.
pub struct Pooled(Conn);

impl Source for DriverPool {
    type Taken = Pooled;

    fn open(settings: &Settings) -> Result<DriverPool, SettingsError> {
        Ok(DriverPool(Pool::new(options(settings)?)))
    }

    async fn take(&self) -> Result<Pooled, StoreError> {
        self.0.get_conn().await.map(Pooled).map_err(StoreError::unavailable)
    }

    fn give_back(_: Pooled) {}
}

impl Deref for Pooled {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

/// The pool that the layer diesel-async has over this driver, for a control that differs from it by Diesel alone.
#[derive(Clone)]
pub struct Deadpool(Connections<Connector>);

/// Makes connections without the driver's pool.
pub struct Connector(Opts);

impl Connect for Connector {
    type Connection = Conn;
    type Error = mysql_async::Error;

    async fn connect(&self) -> Result<Conn, mysql_async::Error> {
        Conn::new(self.0.clone()).await
    }
}

impl Source for Deadpool {
    type Taken = Lease<Connector>;

    fn open(settings: &Settings) -> Result<Deadpool, SettingsError> {
        Ok(Deadpool(Connections::new(Connector(options(settings)?), settings.pool_size)))
    }

    async fn take(&self) -> Result<Lease<Connector>, StoreError> {
        self.0.lease().await
    }

    fn give_back(lease: Lease<Connector>) {
        lease.give_back();
    }
}

/// The driver's options for the contract: what the pool keeps and what it sends.
pub fn options(settings: &Settings) -> Result<Opts, SettingsError> {
    let url = Opts::from_url(settings.database_url(Family::Mysql)?.expose())
        .map_err(|error| SettingsError::Database(error.to_string()))?;
    // Above the lower bound a connection is closed when it comes back, so both bounds are POOL_SIZE.
    let constraints = PoolConstraints::new(settings.pool_size, settings.pool_size)
        .expect("the lower bound is not above the upper one");
    let pool = PoolOpts::default().with_constraints(constraints).with_reset_connection(false);
    Ok(OptsBuilder::from_opts(url)
        .pool_opts(pool)
        .prefer_socket(false)
        .setup(vec!["SET time_zone = '+00:00'"])
        .into())
}
