//! Clients that break the protocol or walk away neither end a server nor make it leak.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{
    bench::{Bench, TRUTH},
    http::raw,
    process::Running,
    proctree,
    wait::until,
};

/// Garbage is refused or its connection closed, and the next client is served.
pub(super) async fn bad_requests(bench: &Bench) -> Result<()> {
    let running = bench.shared()?;
    let long_header =
        format!("GET /demo HTTP/1.1\r\nHost: kit\r\nX: {}\r\n\r\n", "x".repeat(2 << 20));
    let many_headers =
        format!("GET /demo HTTP/1.1\r\nHost: kit\r\n{}\r\n", "X: y\r\n".repeat(5_000));
    let long_line = format!("GET /{} HTTP/1.1\r\n", "x".repeat(2 << 20));
    let requests: [&[u8]; 19] = [
        b"",
        b"\r\n\r\n",
        b"garbage\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /demo\r\n\r\n",
        b"GET /demo HTTP/9.9\r\nHost: kit\r\n\r\n",
        b"GET demo HTTP/1.1\r\nHost: kit\r\n\r\n",
        b"GET /demo?name=\xff\xfe HTTP/1.1\r\nHost: kit\r\n\r\n",
        b"GET /de\x00mo HTTP/1.1\r\nHost: kit\r\n\r\n",
        b"GET /demo HTTP/1.1\r\nHost: kit\r\nContent-Length: -1\r\n\r\n",
        b"GET /demo HTTP/1.1\r\nHost: kit\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"POST /demo HTTP/1.1\r\nHost: kit\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /insert HTTP/1.1\r\nHost: kit\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"na",
        b"GET /demo HTTP/1.1\r\nno colon\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        long_header.as_bytes(),
        many_headers.as_bytes(),
        long_line.as_bytes(),
    ];
    for request in requests {
        let what = String::from_utf8_lossy(&request[..request.len().min(60)]).into_owned();
        raw(running.address(), request, true).await.with_context(|| format!("after {what:?}"))?;
        check_well(bench, running).await.with_context(|| format!("after {what:?}"))?;
    }
    Ok(())
}

/// Clients that leave in the middle of a request or an answer, or without a word, leave no descriptor behind.
pub(super) async fn abandoned_requests(bench: &Bench) -> Result<()> {
    const CLIENTS: usize = 60;
    let running = bench.start(&bench.settings()).await?;
    // Descriptors of the pool, and others that are opened on first use, are no leaks.
    for _ in 0..2 {
        abandon(&running, CLIENTS).await?;
        check_well(bench, &running).await?;
    }
    let allowed = settled_descriptors(&running).await + CLIENTS / 4;
    for _ in 0..3 {
        abandon(&running, CLIENTS).await?;
    }
    check_well(bench, &running).await?;
    let freed = until(Duration::from_secs(5), || async {
        (proctree::descriptors(running.pid()) <= allowed).then_some(())
    });
    freed.await.with_context(|| {
        format!(
            "{} descriptors are open, {allowed} were allowed: abandoned connections leak",
            proctree::descriptors(running.pid())
        )
    })
}

async fn abandon(running: &Running, clients: usize) -> Result<()> {
    let mut open = Vec::new();
    for number in 0..clients {
        let mut stream = TcpStream::connect(running.address()).await?;
        let part: &[u8] = match number % 4 {
            0 => b"",
            1 => b"GET /de",
            2 => b"GET /demo?name=A HTTP/1.1\r\nHost: k",
            _ => b"GET /demo?name=A HTTP/1.1\r\nHost: kit\r\n\r\nGET /demo?name=B HTTP/1.1\r\nHost: kit\r\n\r\n",
        };
        // The answer to a whole request is never read: dropping the stream resets the connection.
        stream.write_all(part).await?;
        open.push(stream);
    }
    Ok(())
}

/// Waits until the number of open descriptors no longer falls, and returns it.
async fn settled_descriptors(running: &Running) -> usize {
    let mut last = usize::MAX;
    until(Duration::from_secs(2), || {
        let now = proctree::descriptors(running.pid());
        let falling = now < last;
        last = now;
        async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            (!falling).then_some(now)
        }
    })
    .await
    .unwrap_or(last)
}

async fn check_well(bench: &Bench, running: &Running) -> Result<()> {
    if let Some(status) = running.exit_status() {
        anyhow::bail!("the server ended ({status}) and said: {}", running.log());
    }
    let mut connection = running.connect().await?;
    connection.get("/health").await?.json(200)?;
    bench.check_lookup(&mut connection, &TRUTH.row(5).name).await
}
