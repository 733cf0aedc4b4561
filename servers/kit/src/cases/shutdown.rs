//! After SIGTERM requests are answered, idle connections are closed, and the process ends with 0.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::traffic::{fill_pool, hold_lookups};
use crate::{
    bench::{Bench, TRUTH},
    http::demo,
    process::Running,
    proxy::OPEN,
    wait::until,
};

/// The time from SIGTERM to the end of the process.
const END: Duration = Duration::from_secs(5);
const POOL: usize = 4;

/// SIGTERM while 32 users ask: an answer that has begun is sent to its end.
pub(super) async fn sigterm_under_load(bench: &Bench) -> Result<()> {
    const USERS: u64 = 32;
    let running = bench.start(&bench.settings()).await?;
    let answered = Arc::new(AtomicU64::new(0));
    let mut users = JoinSet::new();
    for user in 0..USERS {
        let stream = TcpStream::connect(running.address()).await?;
        stream.set_nodelay(true)?;
        users.spawn(ask_until_closed(stream, user, Arc::clone(&answered)));
    }
    until(Duration::from_secs(5), || async {
        (answered.load(Ordering::Relaxed) > 4 * USERS).then_some(())
    })
    .await
    .context("the server does not serve 32 users")?;
    // One client that never finishes its request must not keep the server from ending.
    let mut half = TcpStream::connect(running.address()).await?;
    half.write_all(b"GET /demo HTTP/1.1\r\nHo").await?;
    check_end(&running).await?;
    while let Some(joined) = users.join_next().await {
        joined??;
    }
    Ok(())
}

/// SIGTERM while no request is under way: idle connections are closed at once and hold nothing up.
pub(super) async fn sigterm_when_idle(bench: &Bench) -> Result<()> {
    let running = bench.start(&bench.settings()).await?;
    let mut idle = Vec::new();
    for _ in 0..5 {
        let mut connection = running.connect().await?;
        connection.get("/idle").await?.rows()?;
        idle.push(connection);
    }
    let asked = Instant::now();
    check_end(&running).await?;
    let took = asked.elapsed();
    ensure!(took < Duration::from_secs(2), "with nothing to do the server took {took:?} to end");
    until(Duration::from_secs(1), || async {
        idle.iter().all(|connection| connection.is_closed()).then_some(())
    })
    .await
    .context("idle connections stay open")
}

/// SIGTERM right after the first answer: the server ends as it should.
pub(super) async fn sigterm_at_once(bench: &Bench) -> Result<()> {
    // A server that ends fast is tried twelve times, a slow one four times.
    let lane = || async {
        let begin = Instant::now();
        for _ in 0..3 {
            check_sigterm_at_once(bench).await?;
            if begin.elapsed() > Duration::from_secs(1) {
                break;
            }
        }
        Ok(())
    };
    tokio::try_join!(lane(), lane(), lane(), lane()).map(drop)
}

async fn check_sigterm_at_once(bench: &Bench) -> Result<()> {
    let running = bench.spawn(&bench.settings())?;
    let start = Instant::now();
    // There is no pause between two tries, so that a handler that is installed a moment too late is found.
    while !answers(&running).await {
        ensure!(start.elapsed() < END, "/idle is not answered within {END:?}: {}", running.log());
        tokio::task::yield_now().await;
    }
    check_end(&running).await
}

async fn answers(running: &Running) -> bool {
    let Ok(mut connection) = running.connect().await else { return false };
    connection.get("/idle").await.is_ok_and(|answer| answer.status == 200)
}

/// SIGTERM while queries are at the database: their lookups are answered with their rows.
pub(super) async fn sigterm_with_lookups_in_flight(bench: &Bench) -> Result<()> {
    let (proxy, running) = bench.start_proxied(POOL, 2).await?;
    let mut idle = running.connect().await?;
    idle.get("/idle").await?.rows()?;
    fill_pool(&proxy, &running, POOL).await?;
    let asked = hold_lookups(&proxy, &running, POOL).await?;
    running.terminate()?;
    // The server has understood once it closes the idle connection; the queries are held no longer than they may be.
    let understood =
        until(Duration::from_millis(300), || async { idle.is_closed().then_some(()) }).await;
    let refuses = until(Duration::from_millis(150), || is_closed_to_new(&running)).await;
    proxy.set(OPEN).await?;
    for (name, answer) in asked.finish().await.context("a lookup in flight at SIGTERM")? {
        bench.check_rows(&name, &answer)?;
    }
    understood.context("an idle connection is still open 300 ms after SIGTERM")?;
    refuses.context("new connections are still served after SIGTERM")?;
    check_exit(&running).await
}

/// SIGTERM while one worker has a lookup in flight and the other nothing to do: a connection that the idle worker has
/// opened must outlive it.
pub(super) async fn sigterm_with_one_worker_busy(bench: &Bench) -> Result<()> {
    // Chance decides which worker has opened the lookup's connection.
    let twice = || async {
        for _ in 0..2 {
            check_sigterm_with_one_worker_busy(bench).await?;
        }
        Ok(())
    };
    tokio::try_join!(twice(), twice()).map(drop)
}

async fn check_sigterm_with_one_worker_busy(bench: &Bench) -> Result<()> {
    let (proxy, running) = bench.start_proxied(POOL, 2).await?;
    fill_pool(&proxy, &running, POOL).await?;
    let asked = hold_lookups(&proxy, &running, 1).await?;
    running.terminate()?;
    let refuses = until(Duration::from_millis(300), || is_closed_to_new(&running)).await;
    // The end of the idle worker cannot be seen from outside: it is given the time.
    sleep(Duration::from_millis(50)).await;
    proxy.set(OPEN).await?;
    for (name, answer) in asked.finish().await.context("a lookup in flight at SIGTERM")? {
        bench.check_rows(&name, &answer)?;
    }
    refuses.context("new connections are still served after SIGTERM")?;
    check_exit(&running).await
}

async fn is_closed_to_new(running: &Running) -> Option<()> {
    let Ok(mut late) = running.connect().await else { return Some(()) };
    late.get("/idle").await.is_err().then_some(())
}

/// SIGTERM while the database says nothing: lookups in flight are refused, and the process ends.
pub(super) async fn sigterm_with_database_silent(bench: &Bench) -> Result<()> {
    let (proxy, running) = bench.start_proxied(POOL, 2).await?;
    fill_pool(&proxy, &running, POOL).await?;
    let asked = hold_lookups(&proxy, &running, POOL).await?;
    running.terminate()?;
    for (_, answer) in asked.finish().await.context("a lookup in flight at SIGTERM")? {
        answer.check_error(503)?;
    }
    check_exit(&running).await
}

/// Sends SIGTERM and checks that the process ends as it should.
pub(super) async fn check_end(running: &Running) -> Result<()> {
    running.terminate()?;
    check_exit(running).await
}

/// Checks that the process ends in time, and with 0.
pub(super) async fn check_exit(running: &Running) -> Result<()> {
    let status = running.wait_for_exit(END).await.context("after SIGTERM")?;
    ensure!(
        status.success(),
        "after SIGTERM the server ended with {status} instead of 0: {}",
        running.log()
    );
    Ok(())
}

/// Asks until the server closes the connection; an answer that begins and does not end is an error.
async fn ask_until_closed(
    mut stream: TcpStream,
    user: u64,
    answered: Arc<AtomicU64>,
) -> Result<()> {
    let mut answer = Vec::new();
    for step in 0.. {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: kit\r\n\r\n",
            demo(&TRUTH.row(user * 50 + step % 50).name)
        );
        // A server that closes first has never read the request, which goes without an answer.
        if stream.write_all(request.as_bytes()).await.is_err() {
            return Ok(());
        }
        answer.clear();
        while !is_whole(&answer)? {
            let mut buffer = [0; 4096];
            let read = timeout(END, stream.read(&mut buffer))
                .await
                .context("an answer that does not end")?;
            match read {
                Ok(read) if read > 0 => answer.extend_from_slice(&buffer[..read]),
                _ => {
                    ensure!(
                        answer.is_empty(),
                        "cut off in its answer: {:?}",
                        String::from_utf8_lossy(&answer)
                    );
                    return Ok(());
                }
            }
        }
        ensure!(
            answer.starts_with(b"HTTP/1.1 200"),
            "answered {:?}",
            String::from_utf8_lossy(&answer)
        );
        answered.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Whether the head and the body have come to their end.
fn is_whole(answer: &[u8]) -> Result<bool> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(answer)? else {
        return Ok(false);
    };
    let length =
        response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    Ok(match length {
        Some(length) => {
            answer.len() - head >= std::str::from_utf8(length.value)?.trim().parse::<usize>()?
        }
        None => answer.ends_with(b"0\r\n\r\n"),
    })
}
