//! The control: the server axum-mysql-async written straight, as the two libraries' documentation would, without the
//! traits of [`contract::store`]. The two differ by what the traits cost.

use std::{io, net::TcpListener, process::ExitCode};

use axum::{Json, Router, extract::State, routing::get};
use contract::{
    Refusal, Settings, Shutdown,
    endpoint::{
        demo::{self, Parameters},
        health, idle,
    },
    store::{StoreError, within_deadline},
};
use framework_axum::{Error, Query};
use layer_mysql_async::DemoRow;
use mysql_async::{Pool, prelude::Queryable};

fn main() -> ExitCode {
    contract::launch(contract::identity!["axum", "mysql_async"], |settings| {
        let pool = Pool::new(layer_mysql_async::options(settings)?);
        Ok(move |listener, settings: &Settings, shutdown| run(listener, pool, settings, shutdown))
    })
}

fn run(
    listener: TcpListener,
    pool: Pool,
    settings: &Settings,
    shutdown: Shutdown,
) -> io::Result<()> {
    let routes = Router::new()
        .route(demo::PATH, get(answer_demo))
        .route(idle::PATH, get(answer_idle))
        .route(health::PATH, get(answer_health))
        .with_state(pool);
    contract::block_on(settings, framework_axum::serve(listener, routes, shutdown.requested()))
}

async fn answer_demo(
    State(pool): State<Pool>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Vec<DemoRow>>, Error> {
    let name = parameters.into_name()?;
    let rows =
        within_deadline(async { find_by_name(&pool, name).await.map_err(StoreError::unavailable) });
    Ok(Json(rows.await.map_err(Refusal::from)?))
}

async fn answer_idle(Query(parameters): Query<Parameters>) -> Result<Json<Vec<()>>, Error> {
    parameters.into_name()?;
    Ok(Json(Vec::new()))
}

async fn answer_health(State(pool): State<Pool>) -> Result<Json<health::Body>, Error> {
    let ping = within_deadline(async { ping(&pool).await.map_err(StoreError::unavailable) });
    ping.await.map_err(Refusal::from)?;
    Ok(Json(health::Body::of_this_server()))
}

async fn find_by_name(pool: &Pool, name: String) -> mysql_async::Result<Vec<DemoRow>> {
    let mut connection = pool.get_conn().await?;
    connection
        .exec_map(
            "SELECT id, name, create_time, update_time FROM demo_data WHERE name = ?",
            (name,),
            |(id, name, create_time, update_time)| DemoRow { id, name, create_time, update_time },
        )
        .await
}

async fn ping(pool: &Pool) -> mysql_async::Result<()> {
    pool.get_conn().await?.ping().await
}
