use std::{convert::Infallible, io, net::TcpListener, thread, time::Duration};

use contract::{Settings, Shutdown};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::TokioIo,
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    net::TcpStream,
    runtime::{Builder, Handle},
};

use crate::answer::answer;

/// Serves until the shutdown is requested: this thread accepts, and `WORKERS` threads, each with a runtime of its own, take turns at the
/// connections. Nothing is shared between them, so nothing is locked or moved.
pub(crate) fn run(
    listener: TcpListener,
    settings: &Settings,
    shutdown: Shutdown,
) -> io::Result<()> {
    let workers = (0..settings.workers).map(|_| worker()).collect::<io::Result<Vec<_>>>()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let connections = GracefulShutdown::new();
        let mut requested = std::pin::pin!(shutdown.requested());
        let mut turn = workers.iter().cycle();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut requested => break,
            };
            match accepted.and_then(|(stream, _)| stream.into_std()) {
                Ok(stream) => {
                    let worker = turn.next().expect("there is at least one worker");
                    worker.spawn(converse(stream, connections.watcher()));
                }
                // Mostly that no file descriptor is left; one is free again when a client has gone.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        drop(listener);
        connections.shutdown().await;
        Ok(())
    })
}

/// A thread that drives a runtime until the process ends.
fn worker() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("worker".into())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}

/// One connection, until its client closes it, it breaks, or the server stops.
async fn converse(stream: std::net::TcpStream, watcher: Watcher) {
    let Ok(stream) = TcpStream::from_std(stream) else {
        return;
    };
    let service = service_fn(|request| {
        let response = answer(&request);
        async { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A connection that ends in an error has lost its client: there is nobody to tell.
    let _ = watcher.watch(connection).await;
}
