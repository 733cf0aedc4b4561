//! The contract's endpoints in axum: a router with the store as its state, extractors for the parameters, and errors
//! that are responses.

mod error;

use std::{future::Future, io, net::TcpListener};

use axum::{Json, Router, extract::State, routing::get};
use contract::{DemoQuery, HealthBody, Settings, Shutdown, Store, within_deadline};

use crate::error::{Error, Query};

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
    serve_router(listener, router(store, Router::new()), shutdown).await
}

/// Serves what [`router`] made, as [`serve`] does.
pub async fn serve_router(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

/// The contract's endpoints, those of `more`, and the contract's refusals for everything else.
pub fn router<S: Store>(store: S, more: Router) -> Router {
    Router::new()
        .route("/demo", get(demo::<S>))
        .route("/idle", get(idle::<S>))
        .route("/health", get(health::<S>))
        .with_state(store)
        // Before the fallbacks: the one for methods covers only the routes that are there already.
        .merge(more)
        .fallback(|| async { Error::NotFound })
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
}

async fn demo<S: Store>(
    State(store): State<S>,
    Query(query): Query<DemoQuery>,
) -> Result<Json<Vec<S::Item>>, Error> {
    let name = query.into_name()?;
    Ok(Json(within_deadline(store.find_by_name(name)).await?))
}

async fn idle<S: Store>(Query(query): Query<DemoQuery>) -> Result<Json<Vec<S::Item>>, Error> {
    query.into_name()?;
    Ok(Json(Vec::new()))
}

async fn health<S: Store>(State(store): State<S>) -> Result<Json<HealthBody>, Error> {
    within_deadline(store.ping()).await?;
    Ok(Json(HealthBody::of_this_server()))
}
