use contract::{
    Settings, SettingsError,
    store::{Store, StoreError},
};
use deadpool::managed::{self, Metrics, Pool, QueueMode, RecycleResult};
use sea_orm::sqlx::{
    self, ConnectOptions, Connection, MySqlConnection,
    mysql::{MySqlConnectOptions, MySqlSslMode},
};

use crate::lease::Lease;

/// A pool of sqlx connections.
#[derive(Clone, Debug)]
pub struct SeaOrm {
    pool: Pool<Manager>,
}

impl Store for SeaOrm {
    fn open(settings: &Settings) -> Result<SeaOrm, SettingsError> {
        let options = settings
            .database_url()?
            .expose()
            .parse::<MySqlConnectOptions>()
            .map_err(|error| SettingsError::Database(error.to_string()))?
            .ssl_mode(MySqlSslMode::Disabled)
            .disable_statement_logging();
        let pool = Pool::builder(Manager { options })
            .max_size(settings.pool_size)
            // The connection that was used last is the warmest; the other layers' pools do the same.
            .queue_mode(QueueMode::Lifo)
            .build()
            .expect("a pool without timeouts needs no runtime");
        Ok(SeaOrm { pool })
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let connection = self.lease().await?;
        connection.ping().await.map_err(StoreError::unavailable)?;
        connection.give_back();
        Ok(())
    }
}

impl SeaOrm {
    pub(crate) async fn lease(&self) -> Result<Lease, StoreError> {
        self.pool.get().await.map(Lease::new).map_err(StoreError::unavailable)
    }
}

/// Makes sqlx connections. A connection that comes back is good: a [`Lease`] returns no other.
#[derive(Debug)]
pub(crate) struct Manager {
    options: MySqlConnectOptions,
}

impl managed::Manager for Manager {
    type Type = MySqlConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<MySqlConnection, sqlx::Error> {
        MySqlConnection::connect_with(&self.options).await
    }

    async fn recycle(&self, _: &mut MySqlConnection, _: &Metrics) -> RecycleResult<sqlx::Error> {
        Ok(())
    }
}
