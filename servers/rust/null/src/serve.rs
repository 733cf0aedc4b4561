use std::{io, net::TcpListener, thread, time::Duration};

use contract::{Settings, Shutdown};
use tokio::{
    net::TcpStream,
    runtime::{Builder, Handle},
    sync::watch,
};

use crate::connection::converse;

/// Serves until the shutdown is requested: this thread accepts, and `WORKERS` threads, each with a runtime of its own,
/// take turns at the connections. Nothing is shared between them, so nothing is locked or moved.
pub(crate) fn run(
    listener: TcpListener,
    settings: &Settings,
    shutdown: Shutdown,
) -> io::Result<()> {
    let workers = (0..settings.workers).map(|_| worker()).collect::<io::Result<Vec<_>>>()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        // A new value stops the connections; the sender knows when the last of them has dropped its receiver.
        let (stop, stopped) = watch::channel(());
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
                    worker.spawn(serve(stream, stopped.clone()));
                }
                // Mostly no file descriptor is left; one is free again when a client has gone.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        drop((listener, stopped));
        stop.send_replace(());
        stop.closed().await;
        Ok(())
    })
}

/// Starts a thread that drives a runtime until the process ends.
fn worker() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("worker".into())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}

/// Serves one connection, and drops `stopped` only when the connection has ended.
async fn serve(stream: std::net::TcpStream, mut stopped: watch::Receiver<()>) {
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    // A connection that ends in an error has lost its client, so there is nobody to answer.
    let _ = converse(stream, async {
        // An error would mean that the sender is gone, which is as good a reason to stop.
        let _ = stopped.changed().await;
    })
    .await;
}
