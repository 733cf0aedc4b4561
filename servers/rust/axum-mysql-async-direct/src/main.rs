//! The control: the server axum-mysql-async written straight, as the two libraries' documentation would, without
//! [`contract::Store`]. What the two differ by is what the trait costs.

mod database;
mod error;

use std::{io, net::TcpListener, process::ExitCode};

use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    routing::get,
};
use contract::{DEADLINE, DemoQuery, HealthBody, Identity, Settings, Shutdown};
use mysql_async::{Pool, prelude::Queryable};
use tokio::time::timeout;

use crate::{database::DemoRow, error::Error};

fn main() -> ExitCode {
    let identity = Identity {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        packages: &["axum", "mysql_async"],
    };
    contract::launch(identity, |settings| {
        let pool = database::pool(settings)?;
        Ok(move |listener, settings: &Settings, shutdown| run(listener, pool, settings, shutdown))
    })
}

fn run(
    listener: TcpListener,
    pool: Pool,
    settings: &Settings,
    shutdown: Shutdown,
) -> io::Result<()> {
    let router = Router::new()
        .route("/demo", get(demo))
        .route("/idle", get(idle))
        .route("/health", get(health))
        .fallback(|| async { Error::NotFound })
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
        .with_state(pool);
    contract::runtime(settings)?.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        axum::serve(listener, router).with_graceful_shutdown(shutdown.requested()).await
    })
}

async fn demo(
    State(pool): State<Pool>,
    query: Result<Query<DemoQuery>, QueryRejection>,
) -> Result<Json<Vec<DemoRow>>, Error> {
    let name = query?.0.into_name()?;
    Ok(Json(timeout(DEADLINE, database::find_by_name(&pool, name)).await??))
}

async fn idle(
    query: Result<Query<DemoQuery>, QueryRejection>,
) -> Result<Json<Vec<DemoRow>>, Error> {
    query?.0.into_name()?;
    Ok(Json(Vec::new()))
}

async fn health(State(pool): State<Pool>) -> Result<Json<HealthBody>, Error> {
    timeout(DEADLINE, async { pool.get_conn().await?.ping().await }).await??;
    Ok(Json(HealthBody::of_this_server()))
}
