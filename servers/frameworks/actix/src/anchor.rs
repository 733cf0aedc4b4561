use std::{io, net::SocketAddr, time::Duration};

use actix_web::rt::{net::TcpStream, time::timeout};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A loaded server may be slow to answer; stopping must not wait for it longer.
const PATIENCE: Duration = Duration::from_millis(300);

/// Connects to each worker, so that none is without a connection while the returned streams live.
///
/// On a stop, actix ends a worker that has no connections at once, and with it the runtime that drives the database
/// connections that were opened there. The pool is shared, so another worker's request may be using one of them, and
/// would fail. A worker that has had a connection at the stop lives on for a second, longer than any call to a store.
pub(crate) async fn workers(address: SocketAddr, workers: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    // New connections go to the workers in turn.
    let anchored = timeout(PATIENCE, async {
        for _ in 0..workers {
            streams.push(answered(address).await?);
        }
        io::Result::Ok(())
    });
    // With an anchor missing the server stops all the same, as actix would have stopped it.
    let _ = anchored.await;
    streams
}

/// A connection that a worker has served, and so has accepted.
async fn answered(address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /idle HTTP/1.1\r\nhost: anchor\r\n\r\n").await?;
    stream.read_u8().await?;
    Ok(stream)
}
