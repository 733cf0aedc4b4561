//! The contract's endpoints in axum: a router with the store as its state, extractors for the parameters, and errors
//! that are responses.

mod endpoint;
mod error;

use std::{future::Future, io, net::TcpListener};

use axum::Router;
use contract::{Refusal, Settings, Shutdown, store::Whole};

pub use crate::error::{Error, Query};

/// Serves until the shutdown is requested, on a multi-threaded runtime with `WORKERS` threads.
pub fn run<S: Whole>(
    listener: TcpListener,
    store: S,
    settings: &Settings,
    shutdown: Shutdown,
) -> io::Result<()> {
    contract::block_on(settings, serve(listener, routes(store), shutdown.requested()))
}

/// The routes of all endpoints, answered from `store`.
pub fn routes<S: Whole>(store: S) -> Router {
    endpoint::routes().with_state(store)
}

/// Serves `routes`, and the contract's refusals for everything else, until `shutdown` resolves and the requests under
/// way are answered.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = routes
        .fallback(|| async { Error::from(Refusal::NotFound) })
        .method_not_allowed_fallback(|| async { Error::from(Refusal::MethodNotAllowed) });
    let listener = tokio::net::TcpListener::from_std(listener)?;
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}
