//! The contract's endpoints in warp: filters that extract the parameters and the store, errors that are replies, and
//! one recovery that turns routing's rejections into the same errors.

mod error;

use std::{convert::Infallible, future::Future, io, net::TcpListener};

use contract::{DemoQuery, HealthBody, Settings, Shutdown, Store, within_deadline};
use warp::{
    Filter, Rejection, Reply,
    reply::{Json, json},
};

use crate::error::{Error, recover};

/// Serves until the shutdown is requested, on a multi-threaded runtime with `WORKERS` threads.
pub fn run<S: Store>(
    listener: TcpListener,
    store: S,
    settings: &Settings,
    shutdown: Shutdown,
) -> io::Result<()> {
    let runtime = contract::runtime(settings)?;
    let served = runtime.block_on(serve(listener, store, shutdown.requested()));
    // A layer may have left threads that wait for a silent database: nobody waits for their answer any more.
    runtime.shutdown_background();
    served
}

/// Serves until `shutdown` resolves and the requests under way are answered.
pub async fn serve<S: Store>(
    listener: TcpListener,
    store: S,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    warp::serve(routes(store)).incoming(listener).graceful(shutdown).run().await;
    Ok(())
}

fn routes<S: Store>(
    store: S,
) -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone + Send + Sync + 'static {
    let store = warp::any().map(move || store.clone());
    let demo = get("demo").and(store.clone()).and(warp::query()).then(demo::<S>);
    let idle = get("idle").and(warp::query()).then(idle::<S>);
    let health = get("health").and(store).then(health::<S>);
    demo.or(idle).or(health).recover(recover)
}

/// `GET /path`.
fn get(path: &'static str) -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::path(path).and(warp::path::end()).and(warp::get())
}

async fn demo<S: Store>(store: S, query: DemoQuery) -> Result<Json, Error> {
    let name = query.into_name()?;
    Ok(json(&within_deadline(store.find_by_name(name)).await?))
}

async fn idle<S: Store>(query: DemoQuery) -> Result<Json, Error> {
    query.into_name()?;
    Ok(json(&Vec::<S::Item>::new()))
}

async fn health<S: Store>(store: S) -> Result<Json, Error> {
    within_deadline(store.ping()).await?;
    Ok(json(&HealthBody::of_this_server()))
}
