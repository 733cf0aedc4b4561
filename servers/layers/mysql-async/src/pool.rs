use contract::{
    Settings, SettingsError,
    store::{Store, StoreError},
};
use mysql_async::{Conn, Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts, prelude::Queryable};

/// The driver's pool.
#[derive(Clone, Debug)]
pub struct MysqlAsync {
    pool: Pool,
}

impl Store for MysqlAsync {
    fn open(settings: &Settings) -> Result<MysqlAsync, SettingsError> {
        Ok(MysqlAsync { pool: Pool::new(options(settings)?) })
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.connection().await?.ping().await.map_err(StoreError::unavailable)
    }
}

impl MysqlAsync {
    pub(crate) async fn connection(&self) -> Result<Conn, StoreError> {
        self.pool.get_conn().await.map_err(StoreError::unavailable)
    }
}

/// The driver's options for the contract: what the pool keeps and what it sends.
pub fn options(settings: &Settings) -> Result<Opts, SettingsError> {
    let url = Opts::from_url(settings.database_url()?.expose())
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
