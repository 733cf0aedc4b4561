//! A layer alone, without HTTP: the server asks its own store when `GET /drive` asks for it, and answers with what it
//! has measured.
//!
//! The rest of the contract is served by axum, so that such a server is verified like any other.

mod drive;
mod question;
mod recorder;

use std::{convert::Infallible, io, net::TcpListener, sync::Arc};

use ::drive::{PATH, Parameters};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
    routing::get,
};
use contract::{Refusal, Settings, Shutdown, store::Whole};
use framework_axum::{Error, Query};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

/// Serves until the shutdown is requested, on a multi-threaded runtime with `WORKERS` threads, which the store's users
/// share.
pub fn run<S: Whole>(
    listener: TcpListener,
    store: S,
    settings: &Settings,
    shutdown: Shutdown,
) -> io::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let driver = Driver { store: store.clone(), turn: Arc::new(Semaphore::new(1)), stopped };
    let drive = Router::new().route(PATH, get(drive::<S>)).with_state(driver);
    let requested = async move {
        shutdown.requested().await;
        stop.send_replace(true);
    };
    let routes = framework_axum::routes(store).merge(drive);
    contract::block_on(settings, framework_axum::serve(listener, routes, requested))
}

/// The parts of the server that a drive needs.
#[derive(Clone)]
struct Driver<S> {
    store: S,
    /// One permit: two drives at once would each measure the other.
    turn: Arc<Semaphore>,
    /// Becomes true when the server is to stop.
    stopped: watch::Receiver<bool>,
}

async fn drive<S: Whole>(
    State(driver): State<Driver<S>>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Error> {
    let load = parameters.check().map_err(|error| Refusal::BadRequest(error.to_string()))?;
    let turn = driver
        .turn
        .try_acquire_owned()
        .map_err(|_| Refusal::Conflict("a drive is going on; wait for its end"))?;
    let (events, lines) = mpsc::channel(4);
    tokio::spawn(async move {
        drive::drive(driver.store, load, driver.stopped, events).await;
        drop(turn);
    });
    let body = Body::from_stream(ReceiverStream::new(lines).map(Ok::<String, Infallible>));
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}
