//! The contract's endpoints in actix-web: resources with the store as application data, extractors for the parameters,
//! and errors that are responses.

mod endpoint;
mod error;
mod hold;

use std::{future::Future, io, net::TcpListener};

use actix_web::{App, HttpServer, http::KeepAlive, rt::System, web::Data};
use contract::{Settings, Shutdown, store::Whole};

use crate::hold::Hold;

/// The seconds that a request under way may take after SIGTERM.
const SHUTDOWN_TIMEOUT: u64 = 3;

/// Serves until the shutdown is requested, with `WORKERS` workers: threads with a runtime each, as is usual in actix.
pub fn run<S: Whole>(
    listener: TcpListener,
    store: S,
    settings: &Settings,
    shutdown: Shutdown,
) -> io::Result<()> {
    System::new().block_on(serve(listener, store, settings, shutdown.requested()))
}

/// Serves until `shutdown` resolves and the requests under way are answered. Needs an actix `System`.
async fn serve<S: Whole>(
    listener: TcpListener,
    store: S,
    settings: &Settings,
    shutdown: impl Future<Output = ()> + 'static,
) -> io::Result<()> {
    let (address, workers) = (listener.local_addr()?, settings.workers);
    let hold = Data::new(Hold::new());
    let held = Data::clone(&hold);
    let server = HttpServer::new(move || {
        let store = Data::new(store.clone());
        App::new()
            .app_data(store)
            .configure(endpoint::configure::<S>)
            .configure(|config| Hold::route(&held, config))
    })
    .workers(workers)
    // The default closes a connection that was idle for five seconds; the other frameworks keep it.
    .keep_alive(KeepAlive::Os)
    .disable_signals()
    .shutdown_timeout(SHUTDOWN_TIMEOUT)
    .listen(listener)?
    .run();
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        shutdown.await;
        let _held = hold.workers(address, workers).await;
        handle.stop(true).await;
    });
    server.await
}
