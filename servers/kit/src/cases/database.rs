//! The database goes away, in every way that it can, and comes back.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;

use super::{
    endpoint::{has, insert::insert, targets},
    traffic::{check_serves, fill_pool, hold_lookups},
};
use crate::{
    bench::{Bench, TRUTH},
    insertions::Insertions,
    process::Running,
    proxy::{Mode, OPEN},
    request::Request,
    wait::until,
};

const POOL: usize = 4;
/// The contract's time for a 503, and what a busy machine may add to it.
const WITHIN: Duration = Duration::from_millis(1_000 + 200);
/// The time within which a server must be well again after its database.
const BACK: Duration = Duration::from_secs(5);

/// The database is stopped: connections are cut and refused.
pub(super) async fn database_refuses(bench: &Bench) -> Result<()> {
    check_outage(bench, Mode::Refuse).await
}

/// The database accepts connections and says nothing, on old ones and on new.
pub(super) async fn database_silent(bench: &Bench) -> Result<()> {
    check_outage(bench, Mode::Hold).await
}

/// The database denies the login: that is 503 like any failure, and the password stays secret.
pub(super) async fn database_denies(bench: &Bench) -> Result<()> {
    const PASSWORD: &str = "not-the-password";
    with_requests(bench, async |requests: &[Request]| -> Result<()> {
        let running = bench.spawn(&bench.with_password(PASSWORD)?)?;
        running.wait_for_health(503, Duration::from_secs(5)).await?;
        check_unavailable(&running, requests).await?;
        let answer = running.connect().await?.get("/demo").await?;
        let said = format!("{}{}", String::from_utf8_lossy(&answer.body), running.log());
        ensure!(!said.contains(PASSWORD), "the password is shown: {said}");
        Ok(())
    })
    .await
}

async fn check_outage(bench: &Bench, outage: Mode) -> Result<()> {
    with_requests(bench, async |requests: &[Request]| -> Result<()> {
        let (proxy, running) = bench.start_proxied(POOL, 2).await?;
        // A second outage shows what the first has left behind.
        for _ in 0..2 {
            check_serves(bench, &running).await?;
            proxy.set(outage).await?;
            check_unavailable(&running, requests).await?;
            proxy.set(OPEN).await?;
            check_comes_back(bench, &running).await?;
        }
        Ok(())
    })
    .await
}

/// Runs `check` with requests to each endpoint that needs the database, and removes what they insert after all: a server
/// may have given up on an insertion that goes on.
async fn with_requests(
    bench: &Bench,
    check: impl AsyncFnOnce(&[Request]) -> Result<()>,
) -> Result<()> {
    let targets = targets(&bench.server).into_iter().filter(|target| *target != "/idle");
    let mut requests: Vec<Request> = targets.chain(["/demo"]).map(Request::get).collect();
    let mut insertions = Insertions::open(bench.database()?).await?;
    if has(&bench.server, "insert") {
        requests.push(insert(&insertions.name("without a database")));
    }
    let outcome = check(requests.as_slice()).await;
    outcome.and(insertions.remove().await)
}

/// Connections are cut while their queries are on the way.
pub(super) async fn database_cut_mid_query(bench: &Bench) -> Result<()> {
    let (proxy, running) = bench.start_proxied(POOL, 2).await?;
    fill_pool(&proxy, &running, POOL).await?;
    let asked = hold_lookups(&proxy, &running, POOL).await?;
    proxy.set(Mode::Refuse).await?;
    for (_, answer) in asked.finish().await? {
        answer.check_error(503)?;
    }
    proxy.set(OPEN).await?;
    check_comes_back(bench, &running).await
}

/// Answers that come after the server has given up on them are not taken for the answers to later queries.
pub(super) async fn late_answers(bench: &Bench) -> Result<()> {
    let (proxy, running) = bench.start_proxied(POOL, 2).await?;
    fill_pool(&proxy, &running, POOL).await?;
    let asked = hold_lookups(&proxy, &running, POOL).await?;
    for (_, answer) in asked.finish().await? {
        answer.check_error(503)?;
    }
    // The queries now reach the database, and their rows a server that has already said 503.
    proxy.set(OPEN).await?;
    check_comes_back(bench, &running).await?;
    let mut connection = running.connect().await?;
    for index in 200..240 {
        bench.check_lookup(&mut connection, &TRUTH.row(index).name).await?;
    }
    Ok(())
}

/// A server started before its database waits for it.
pub(super) async fn database_away_at_start(bench: &Bench) -> Result<()> {
    with_requests(bench, async |requests: &[Request]| -> Result<()> {
        let (proxy, settings) = bench.proxied(Mode::Refuse).await?;
        let running = bench.spawn(&settings)?;
        running.wait_for_health(503, Duration::from_secs(5)).await?;
        check_unavailable(&running, requests).await?;
        proxy.set(OPEN).await?;
        check_comes_back(bench, &running).await
    })
    .await
}

/// Checks that three times as many users as the pool has connections all get 503 within a second.
async fn check_unavailable(running: &Running, requests: &[Request]) -> Result<()> {
    let mut users = JoinSet::new();
    for request in requests.iter().cycle().take(3 * POOL) {
        let (mut connection, request) = (running.connect().await?, request.clone());
        users.spawn(async move {
            for _ in 0..2 {
                let asked = Instant::now();
                let answer = connection.ask(&request).await?;
                let took = asked.elapsed();
                answer.check_error(503)?;
                let target = &request.target;
                ensure!(took <= WITHIN, "{target}: 503 only after {took:?}");
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    while let Some(joined) = users.join_next().await {
        joined?.context("while the database was away")?;
    }
    if let Some(status) = running.exit_status() {
        anyhow::bail!(
            "the server ended without its database ({status}) and said: {}",
            running.log()
        );
    }
    // Requests that need no database are answered as ever.
    let mut connection = running.connect().await?;
    ensure!(connection.get("/idle").await?.rows()?.is_empty(), "/idle finds rows");
    connection.get("/demo?name=").await?.check_error(400)
}

/// Checks that lookups are answered again within `BACK`, and from then on all of them, and that `/health` says so.
async fn check_comes_back(bench: &Bench, running: &Running) -> Result<()> {
    let lookups = until(BACK, || async {
        match is_back(bench, running).await {
            Ok(back) => back.then_some(Ok(())),
            Err(error) => Some(Err(error)),
        }
    });
    lookups
        .await
        .with_context(|| format!("lookups still fail {BACK:?} after the database came back"))??;
    running.wait_for_health(200, BACK).await.context("after the database came back")?;
    check_serves(bench, running).await
}

/// Whether several times as many lookups as the pool has connections are answered. Each connection that the outage broke
/// may cost one more 503; a wrong answer is an error.
async fn is_back(bench: &Bench, running: &Running) -> Result<bool> {
    let mut connection = running.connect().await?;
    for index in 100..100 + 4 * POOL as u64 {
        let name = TRUTH.row(index).name;
        let answer = connection.lookup(&name).await?;
        if answer.status == 503 {
            return Ok(false);
        }
        bench.check_rows(&name, &answer)?;
    }
    Ok(true)
}
