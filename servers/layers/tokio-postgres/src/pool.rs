use contract::{
    Family, Settings, SettingsError,
    store::{Store, StoreError},
};
use layer_deadpool::Connections;
use tokio_postgres::Config;

use crate::connection::Connector;

/// deadpool's pool of connections.
#[derive(Clone)]
pub struct TokioPostgres(pub(crate) Connections<Connector>);

impl Store for TokioPostgres {
    fn open(settings: &Settings) -> Result<TokioPostgres, SettingsError> {
        let url = settings.database_url(Family::Postgres)?.expose();
        let mut config =
            url.parse::<Config>().map_err(|error| SettingsError::Database(error.to_string()))?;
        config.options("-c TimeZone=UTC");
        Ok(TokioPostgres(Connections::new(Connector(config), settings.pool_size)))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let lease = self.0.lease().await?;
        lease.simple_query("").await.map_err(StoreError::unavailable)?;
        lease.give_back();
        Ok(())
    }
}
