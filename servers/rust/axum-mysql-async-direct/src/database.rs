use chrono::NaiveDateTime;
use contract::{Settings, SettingsError};
use mysql_async::{Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts, prelude::Queryable};
use serde::Serialize;

/// A row of `demo_data`.
#[derive(Serialize)]
pub(crate) struct DemoRow {
    id: i64,
    name: String,
    #[serde(serialize_with = "contract::serialize_utc")]
    create_time: NaiveDateTime,
    #[serde(serialize_with = "contract::serialize_utc")]
    update_time: NaiveDateTime,
}

/// The pool of the layer mysql-async, option for option; its README gives the reasons.
pub(crate) fn pool(settings: &Settings) -> Result<Pool, SettingsError> {
    let url = Opts::from_url(settings.database_url()?.expose())
        .map_err(|error| SettingsError::Database(error.to_string()))?;
    let constraints = PoolConstraints::new(settings.pool_size, settings.pool_size)
        .expect("the lower bound is not above the upper one");
    let pool = PoolOpts::default().with_constraints(constraints).with_reset_connection(false);
    Ok(Pool::new(
        OptsBuilder::from_opts(url)
            .pool_opts(pool)
            .prefer_socket(false)
            .setup(vec!["SET time_zone = '+00:00'"]),
    ))
}

pub(crate) async fn find_by_name(pool: &Pool, name: String) -> mysql_async::Result<Vec<DemoRow>> {
    let mut connection = pool.get_conn().await?;
    connection
        .exec_map(
            "SELECT id, name, create_time, update_time FROM demo_data WHERE name = ?",
            (name,),
            |(id, name, create_time, update_time)| DemoRow { id, name, create_time, update_time },
        )
        .await
}
