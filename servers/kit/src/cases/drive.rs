//! A server that drives itself: what it says it asked is what the database was asked.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hyper::{
    Method,
    header::{CONTENT_TYPE, TRANSFER_ENCODING},
};
use serde_json::Value;
use tokio::time::sleep;

use super::{
    shutdown::{check_end, check_exit},
    traffic::fill_pool,
};
use crate::{
    bench::{Bench, TRUTH},
    driven::Driven,
    http::{Answer, Stream},
    packets::Command,
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
/// A window that nobody waits for the end of.
const LONG: &str = "/drive?users=8&warmup_ms=0&warmup_limit_ms=100&window_ms=600000";
/// How soon a drive whose client has left must be over.
const OVER: Duration = Duration::from_secs(2);

/// Requests add up, and the database has seen each of them.
pub(super) async fn drive_counts(bench: &Bench) -> Result<()> {
    let (proxy, running) = (bench.proxy()?, bench.shared()?);
    // What a layer sends to set a connection up is no request: the pool is opened first.
    fill_pool(proxy, running, POOL).await?;
    // A slow database still has requests when the window ends.
    for mode in [OPEN, Mode::Forward(Duration::from_millis(20))] {
        proxy.set(mode).await?;
        let before = proxy.snapshot();
        let driven = check_short(running).await?;
        let seen = proxy.commands_since(&before)?;
        ensure!(
            seen.count(Command::EXECUTE) == driven.asked_in_all && seen.0.len() == 1,
            "a drive of {} requests sent {seen}; each is one COM_STMT_EXECUTE",
            driven.asked_in_all
        );
        ensure!(driven.errors == 0, "{} errors with a database that answers", driven.errors);
    }
    proxy.set(OPEN).await
}

/// Without the database every request is an error, and is counted.
pub(super) async fn drive_without_database(bench: &Bench) -> Result<()> {
    let (proxy, running) = bench.start_proxied(4, 2).await?;
    proxy.set(Mode::Refuse).await?;
    let driven = check_drive(&running, OUTAGE, OUTAGE_WINDOW).await?;
    ensure!(driven.errors > 0, "no errors without a database: {driven:?}");
    ensure!(driven.right_in_window == 0, "right answers without a database: {driven:?}");
    Ok(())
}

/// A short drive to its end; its events and sums are right.
async fn check_short(running: &Running) -> Result<Driven> {
    check_drive(running, SHORT, SHORT_WINDOW).await
}

async fn check_drive(running: &Running, target: &str, window: Duration) -> Result<Driven> {
    let answer = running.connect().await?.get(target).await?;
    let events = events(&answer)?;
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap_or("")).collect();
    ensure!(names == ["window-start", "window-end", "driven"], "the events are {names:?}");
    let warmup = Duration::from_nanos(events[0]["warmup_ns"].as_u64().context("warmup_ns")?);
    ensure!(events[0]["steady"].is_boolean(), "steady is no boolean: {}", events[0]);
    // The limit, and what a busy machine may add to it.
    let allowed = Duration::from_millis(300)..Duration::from_millis(800 + 500);
    ensure!(allowed.contains(&warmup), "a warm-up of {warmup:?}, {allowed:?} was allowed");
    let driven: Driven = serde_json::from_value(events[2].clone()).context("the last event")?;
    driven.check(USERS, window)?;
    Ok(driven)
}

fn events(answer: &Answer) -> Result<Vec<Value>> {
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(answer.status == 200, "{} instead of 200: {text}", answer.status);
    answer.check_framing()?;
    let header = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = header(CONTENT_TYPE).unwrap_or("");
    ensure!(content_type == "application/x-ndjson", "Content-Type is {content_type:?}");
    ensure!(header(TRANSFER_ENCODING) == Some("chunked"), "not chunked, so not told as it happens");
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}")))
        .collect()
}

/// Parameters that are missing, no numbers or out of bounds: 400; and no drive begins.
pub(super) async fn drive_refusals(bench: &Bench) -> Result<()> {
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

/// A drive tells its start at once, and leaves room for the rest of the contract, but not for a second one.
pub(super) async fn drive_in_company(bench: &Bench) -> Result<()> {
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

/// A client that leaves takes its drive with it: nobody is asked any more, and there is room for another.
pub(super) async fn drive_ends_with_its_client(bench: &Bench) -> Result<()> {
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

/// SIGTERM ends a drive, which says so.
pub(super) async fn sigterm_while_driving(bench: &Bench) -> Result<()> {
    let running = bench.start(&bench.settings()).await?;
    let mut drive = started(&running).await?;
    running.terminate()?;
    drive.read_until("\"failed\"").await.context("after SIGTERM")?;
    drop(drive);
    check_exit(&running).await?;
    // And one whose client reads nothing.
    let running = bench.start(&bench.settings()).await?;
    let _drive = started(&running).await?;
    check_end(&running).await
}

/// A long drive whose window has begun.
async fn started(running: &Running) -> Result<Stream> {
    let mut drive = Stream::get(running.address(), LONG).await?;
    drive.read_until("\"window-start\"").await?;
    Ok(drive)
}
