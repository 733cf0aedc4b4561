//! The contract's endpoints in warp: filters that extract the parameters and the store, errors that are replies, and
//! one recovery that turns the rejections of routing into the same errors.

mod endpoint;
mod error;

use std::{future::Future, io, net::TcpListener};

use contract::{Settings, Shutdown, store::Whole};

/// Serves until the shutdown is requested, on a multi-threaded runtime with `WORKERS` threads.
pub fn run<S: Whole>(
    listener: TcpListener,
    store: S,
    settings: &Settings,
    shutdown: Shutdown,
) -> io::Result<()> {
    contract::block_on(settings, serve(listener, store, shutdown.requested()))
}

/// Serves until `shutdown` resolves and the requests under way are answered.
async fn serve<S: Whole>(
    listener: TcpListener,
    store: S,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    warp::serve(endpoint::filter(store)).incoming(listener).graceful(shutdown).run().await;
    Ok(())
}
