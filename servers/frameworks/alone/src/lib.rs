//! A layer alone, without HTTP: the server asks its own store when `GET /drive` tells it to, and says what came of it.
//!
//! The rest of the contract is served by axum, so that such a server is verified like any other.

mod drive;
mod event;
mod parameters;
mod recorder;
mod warmup;

use std::{convert::Infallible, io, net::TcpListener, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use contract::{ErrorBody, Settings, Shutdown, Store};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

use crate::parameters::{ParameterError, Parameters};

/// Serves until the shutdown is requested, on a multi-threaded runtime with `WORKERS` threads, which the store's users
/// share.
pub fn run<S: Store>(
    listener: TcpListener,
    store: S,
    settings: &Settings,
    shutdown: Shutdown,
) -> io::Result<()> {
    let runtime = contract::runtime(settings)?;
    let (stop, stopped) = watch::channel(false);
    let driver = Driver { store: store.clone(), turn: Arc::new(Semaphore::new(1)), stopped };
    let drive = Router::new().route("/drive", get(drive::<S>)).with_state(driver);
    let requested = async move {
        shutdown.requested().await;
        stop.send_replace(true);
    };
    let served = runtime.block_on(framework_axum::serve_router(
        listener,
        framework_axum::router(store, drive),
        requested,
    ));
    // A layer may have left threads that wait for a silent database: nobody waits for their answer any more.
    runtime.shutdown_background();
    served
}

/// What a drive needs of the server.
#[derive(Clone)]
struct Driver<S> {
    store: S,
    /// One permit: two drives at once would each measure the other.
    turn: Arc<Semaphore>,
    /// Becomes true when the server shall stop.
    stopped: watch::Receiver<bool>,
}

async fn drive<S: Store>(
    State(driver): State<Driver<S>>,
    query: Result<Query<Parameters>, QueryRejection>,
) -> Result<Response, Refusal> {
    let load = query?.0.check()?;
    let turn = driver.turn.try_acquire_owned().map_err(|_| Refusal::Busy)?;
    let (events, lines) = mpsc::channel(4);
    tokio::spawn(async move {
        drive::drive(driver.store, load, driver.stopped, events).await;
        drop(turn);
    });
    let body = Body::from_stream(ReceiverStream::new(lines).map(Ok::<String, Infallible>));
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

/// Why there is no drive.
enum Refusal {
    Query(QueryRejection),
    Parameter(ParameterError),
    Busy,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Refusal::Query(rejection) => {
                (StatusCode::BAD_REQUEST, ErrorBody::new(rejection.body_text()))
            }
            Refusal::Parameter(error) => (StatusCode::BAD_REQUEST, ErrorBody::new(error)),
            Refusal::Busy => {
                (StatusCode::CONFLICT, ErrorBody::new("a drive is going on; wait for its end"))
            }
        };
        (status, Json(body)).into_response()
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Refusal {
        Refusal::Query(rejection)
    }
}

impl From<ParameterError> for Refusal {
    fn from(error: ParameterError) -> Refusal {
        Refusal::Parameter(error)
    }
}
