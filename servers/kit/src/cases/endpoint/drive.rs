//! `GET /drive`: a server that drives itself counts the requests that its database sees.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use drive::{Driven, Event};
use hyper::{
    Method,
    header::{CONTENT_TYPE, TRANSFER_ENCODING},
};
use rustix::time::{ClockId, clock_gettime};
use tokio::time::sleep;

use crate::{
    bench::{Bench, TRUTH},
    cases::{
        shutdown::{check_end, check_exit},
        traffic::fill_pool,
    },
    driven,
    http::{Answer, Stream},
    packets::{EXECUTION, Tally},
    process::Running,
    proxy::{Mode, OPEN},
    subject::POOL,
    wait::until,
};

const USERS: u64 = 8;
/// A warm-up and a window that the kit can wait for.
const SHORT: &str = "/drive?users=8&warmup_ms=300&warmup_limit_ms=800&window_ms=400";
const SHORT_WINDOW: Duration = Duration::from_millis(400);
/// A window in which requests are sent again after the deadline has ended the first.
const OUTAGE: &str = "/drive?users=8&warmup_ms=300&warmup_limit_ms=800&window_ms=2000";
const OUTAGE_WINDOW: Duration = Duration::from_secs(2);
/// A window whose end no case waits for.
const LONG: &str = "/drive?users=8&warmup_ms=0&warmup_limit_ms=100&window_ms=600000";
/// The time within which a drive whose client has left must end.
const OVER: Duration = Duration::from_secs(2);

/// Requests add up, and the database has seen each of them.
pub(in crate::cases) async fn drive_counts(bench: &Bench) -> Result<()> {
    let (proxy, running) = (bench.proxy()?, bench.shared()?);
    // The packets that set a connection up are no requests, so the pool is opened first.
    fill_pool(proxy, running, POOL).await?;
    // A slow database still has requests when the window ends.
    for mode in [OPEN, Mode::Forward(Duration::from_millis(20))] {
        proxy.set(mode).await?;
        let before = proxy.snapshot();
        let driven = check_short(running).await?;
        let seen = proxy.commands_since(&before)?;
        let owed = Tally::of(&[(EXECUTION, 1)], driven.requests_total);
        ensure!(
            seen == owed,
            "a drive of {} requests sent {seen}, and each is one execution",
            driven.requests_total
        );
        ensure!(driven.errors == 0, "{} errors with a database that answers", driven.errors);
    }
    proxy.set(OPEN).await
}

/// Without the database every request is an error, and is counted.
pub(in crate::cases) async fn drive_without_database(bench: &Bench) -> Result<()> {
    let (proxy, running) = bench.start_proxied(4, 2).await?;
    proxy.set(Mode::Refuse).await?;
    let driven = check_drive(&running, OUTAGE, OUTAGE_WINDOW).await?;
    ensure!(driven.errors > 0, "no errors without a database: {driven:?}");
    ensure!(driven.right_in_window == 0, "right answers without a database: {driven:?}");
    Ok(())
}

/// Checks the events and sums of a short drive.
async fn check_short(running: &Running) -> Result<Driven> {
    check_drive(running, SHORT, SHORT_WINDOW).await
}

async fn check_drive(running: &Running, target: &str, window: Duration) -> Result<Driven> {
    let began = Instant::now();
    let answer = running.connect().await?.get(target).await?;
    let mut events = events(&answer)?.into_iter();
    let mut next = || events.next().context("the answer lacks an event");
    let Event::Window { start_ns, warmup_ns, .. } = next()? else { bail!("window must be first") };
    let Event::Driven(driven) = next()? else { bail!("driven must be second") };
    // The whole answer is there, so its window lies in the past, and the warm-up before it.
    let of_drive = monotonic().checked_sub(start_ns).context("the window begins after its end")?;
    let allowed = nanos(window)..nanos(window + began.elapsed());
    ensure!(
        allowed.contains(&of_drive),
        "the window began {of_drive} ns before its end was told, {allowed:?} was allowed"
    );
    ensure!(next().is_err(), "events follow the last one");
    let warmup = Duration::from_nanos(warmup_ns);
    // The limit, and what a busy machine may add to it.
    let allowed = Duration::from_millis(300)..Duration::from_millis(800 + 500);
    ensure!(allowed.contains(&warmup), "a warm-up of {warmup:?}, {allowed:?} was allowed");
    driven::check(&driven, USERS, window)?;
    Ok(*driven)
}

/// The current time on the clock that `start_ns` is on.
fn monotonic() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    // Both numbers are non-negative on this clock.
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

fn nanos(length: Duration) -> u64 {
    length.as_nanos() as u64
}

fn events(answer: &Answer) -> Result<Vec<Event>> {
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(answer.status == 200, "{} instead of 200: {text}", answer.status);
    answer.check_framing()?;
    let header = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = header(CONTENT_TYPE).unwrap_or("");
    ensure!(content_type == "application/x-ndjson", "Content-Type is {content_type:?}");
    ensure!(header(TRANSFER_ENCODING) == Some("chunked"), "events that are not chunked come late");
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("no event: {line}")))
        .collect()
}

/// Parameters that are missing, no numbers or out of bounds are 400, and no drive begins.
pub(in crate::cases) async fn drive_refusals(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    let good =
        [("users", "8"), ("warmup_ms", "300"), ("warmup_limit_ms", "800"), ("window_ms", "400")];
    let bad = [
        ("users", "0"),
        ("users", "10001"),
        ("warmup_ms", "801"),
        ("warmup_limit_ms", "299"),
        ("warmup_limit_ms", "3600001"),
        ("window_ms", "0"),
        ("window_ms", "3600001"),
    ];
    let unparsable =
        good.iter().flat_map(|(name, _)| ["", "many", "-1", "1.5"].map(|v| (*name, v)));
    for (name, value) in bad.into_iter().chain(unparsable) {
        let query = good.map(|(n, v)| format!("{n}={}", if n == name { value } else { v }));
        connection.get(&format!("/drive?{}", query.join("&"))).await?.check_error(400)?;
    }
    for (missing, _) in good {
        let query = good.iter().filter(|(n, _)| *n != missing).map(|(n, v)| format!("{n}={v}"));
        let query: Vec<_> = query.collect();
        connection.get(&format!("/drive?{}", query.join("&"))).await?.check_error(400)?;
    }
    bench.connect().await?.send(Method::POST, SHORT, "").await?.check_error(405)
}

/// A drive reports its start at once, and leaves room for the rest of the contract, but not for a second drive.
pub(in crate::cases) async fn drive_in_company(bench: &Bench) -> Result<()> {
    let running = bench.shared()?;
    let drive = started(running).await?;
    let mut connection = running.connect().await?;
    for index in 0..10 {
        connection.get("/health").await?.json(200)?;
        bench.check_lookup(&mut connection, &TRUTH.row(index).name).await?;
        connection.get(SHORT).await?.check_error(409)?;
    }
    leave(bench, drive).await
}

/// A drive whose client leaves ends: the database is asked no more, and another drive may begin.
pub(in crate::cases) async fn drive_ends_with_its_client(bench: &Bench) -> Result<()> {
    let running = bench.shared()?;
    leave(bench, started(running).await?).await?;
    check_short(running).await.context("a drive after one whose client has left")?;
    Ok(())
}

/// Leaves a drive and waits until it is over.
async fn leave(bench: &Bench, drive: Stream) -> Result<()> {
    let proxy = bench.proxy()?;
    drop(drive);
    until(OVER, || async {
        let before = proxy.total().sum();
        sleep(Duration::from_millis(100)).await;
        (proxy.total().sum() == before).then_some(())
    })
    .await
    .with_context(|| format!("the drive still asks {OVER:?} after its client has left"))
}

/// SIGTERM ends a drive, whose last event says so.
pub(in crate::cases) async fn sigterm_while_driving(bench: &Bench) -> Result<()> {
    let running = bench.start(&bench.settings()).await?;
    let mut drive = started(&running).await?;
    running.terminate()?;
    drive.read_until("\"failed\"").await.context("after SIGTERM")?;
    drop(drive);
    check_exit(&running).await?;
    // A client that reads nothing does not keep the server from ending.
    let running = bench.start(&bench.settings()).await?;
    let _drive = started(&running).await?;
    check_end(&running).await
}

/// Begins a long drive and waits for its window.
async fn started(running: &Running) -> Result<Stream> {
    let mut drive = Stream::get(running.address(), LONG).await?;
    drive.read_until("\"window\"").await?;
    Ok(drive)
}
