//! The store over mysql_async: the driver's own pool, statement cache and typed rows. Its README says what was decided.

use chrono::NaiveDateTime;
use contract::{Settings, SettingsError, Store, StoreError};
use mysql_async::{Conn, Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts, prelude::Queryable};
use serde::Serialize;

const FIND_BY_NAME: &str =
    "SELECT id, name, create_time, update_time FROM demo_data WHERE name = ?";

/// The driver's pool.
#[derive(Clone, Debug)]
pub struct MysqlAsync {
    pool: Pool,
}

/// A row of `demo_data`.
#[derive(Clone, Debug, Serialize)]
pub struct DemoRow {
    id: i64,
    name: String,
    #[serde(serialize_with = "contract::serialize_utc")]
    create_time: NaiveDateTime,
    #[serde(serialize_with = "contract::serialize_utc")]
    update_time: NaiveDateTime,
}

impl Store for MysqlAsync {
    type Item = DemoRow;

    fn open(settings: &Settings) -> Result<MysqlAsync, SettingsError> {
        Ok(MysqlAsync { pool: Pool::new(options(settings)?) })
    }

    async fn find_by_name(&self, name: String) -> Result<Vec<DemoRow>, StoreError> {
        self.connection()
            .await?
            .exec_map(FIND_BY_NAME, (name,), |(id, name, create_time, update_time)| DemoRow {
                id,
                name,
                create_time,
                update_time,
            })
            .await
            .map_err(StoreError::unavailable)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.connection().await?.ping().await.map_err(StoreError::unavailable)
    }
}

impl MysqlAsync {
    async fn connection(&self) -> Result<Conn, StoreError> {
        self.pool.get_conn().await.map_err(StoreError::unavailable)
    }
}

fn options(settings: &Settings) -> Result<Opts, SettingsError> {
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
