use contract::{Settings, SettingsError};
use deadpool::managed::{self, Metrics, QueueMode, RecycleResult};
use sea_orm::sqlx::{
    self, ConnectOptions, Connection, MySqlConnection,
    mysql::{MySqlConnectOptions, MySqlSslMode},
};

pub(crate) type Pool = managed::Pool<Manager>;

/// Makes sqlx connections. A connection that comes back is good: a [`Lease`](crate::lease::Lease) returns no other.
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

/// A pool of at most `POOL_SIZE` connections, none of them made yet.
pub(crate) fn open(settings: &Settings) -> Result<Pool, SettingsError> {
    let options = settings
        .database_url()?
        .expose()
        .parse::<MySqlConnectOptions>()
        .map_err(|error| SettingsError::Database(error.to_string()))?
        .ssl_mode(MySqlSslMode::Disabled)
        .disable_statement_logging();
    Ok(Pool::builder(Manager { options })
        .max_size(settings.pool_size)
        // The connection that was used last is the warmest; the other layers' pools do the same.
        .queue_mode(QueueMode::Lifo)
        .build()
        .expect("a pool without timeouts needs no runtime"))
}
