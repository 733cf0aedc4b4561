//! Connections are kept, closed when the client asks for it, and read in whatever pieces come.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    bench::{Bench, TRUTH},
    http::{demo, raw},
    wait::until,
};

/// One connection serves many requests, refusals among them.
pub(super) async fn keep_alive(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for index in 0..40 {
        bench.check_lookup(&mut connection, &TRUTH.row(index).name).await?;
        connection.get("/demo?name=").await?.check_error(400)?;
        let unknown = connection.get("/nothing").await?;
        ensure!(unknown.status == 404, "/nothing: {} instead of 404", unknown.status);
    }
    ensure!(!connection.is_closed(), "the connection was closed");
    Ok(())
}

/// A connection ends with the answer after `Connection: close` and after HTTP/1.0.
pub(super) async fn close_is_honoured(bench: &Bench) -> Result<()> {
    let address = bench.shared()?.address();
    for request in [
        "GET /idle HTTP/1.1\r\nHost: kit\r\nConnection: close\r\n\r\n",
        "GET /idle HTTP/1.0\r\n\r\n",
        "GET /nothing HTTP/1.1\r\nHost: kit\r\nConnection: close\r\n\r\n",
    ] {
        // `raw` fails if the connection stays open.
        let answer = raw(address, request.as_bytes(), false)
            .await
            .with_context(|| format!("{request:?}"))?;
        ensure!(answer.starts_with(b"HTTP/1."), "{request:?} is not answered");
    }
    Ok(())
}

/// A request that comes byte by byte is the same request.
pub(super) async fn request_in_pieces(bench: &Bench) -> Result<()> {
    let address = bench.shared()?.address();
    let name = TRUTH.row(11).name;
    let request = format!("GET {} HTTP/1.1\r\nHost: kit\r\n\r\n", demo(&name));
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    for byte in request.as_bytes() {
        stream.write_all(&[*byte]).await?;
        tokio::task::yield_now().await;
    }
    let mut answer = Vec::new();
    let complete = async {
        let mut buffer = [0; 4096];
        while !answer.ends_with(b"]") && !answer.ends_with(b"0\r\n\r\n") {
            let read = stream.read(&mut buffer).await?;
            ensure!(read > 0, "the connection was closed");
            answer.extend_from_slice(&buffer[..read]);
        }
        Ok(())
    };
    timeout(Duration::from_secs(5), complete).await.context("no answer within 5 s")??;
    ensure!(answer.starts_with(b"HTTP/1.1 200"), "answered {:?}", String::from_utf8_lossy(&answer));
    // Closing the connection in the middle of nothing does the shared process no harm.
    drop(stream);
    let well = until(Duration::from_secs(2), || async {
        bench.connect().await.ok()?.get("/health").await.ok()
    })
    .await;
    ensure!(well.is_some_and(|answer| answer.status == 200), "/health fails afterwards");
    Ok(())
}
