//! Users of a server: some ask one request after another, others wait for an answer that the database holds back.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use crate::{
    bench::{Bench, TRUTH},
    http::{Answer, Connection, demo},
    process::Running,
    proxy::{Mode, OPEN, Proxy},
    request::Request,
    wait::until,
};

/// Lookups, half of them random. The given names are few, so that an answer from memory shows as a lookup that the
/// database has not seen.
pub(super) fn lookups() -> Vec<Request> {
    let given = [0, 2, 4].map(|index| Request::get(demo(&TRUTH.row(index).name)));
    given.into_iter().flat_map(|given| [given, Request::get("/demo")]).collect()
}

/// Lets `users` ask at once, each with its own connection and `count` of the requests, one after another and over again.
pub(super) async fn ask(
    running: &Running,
    requests: &[Request],
    users: u64,
    count: u64,
) -> Result<()> {
    let requests: Arc<[Request]> = requests.into();
    let mut tasks = JoinSet::new();
    for _ in 0..users {
        let (address, requests) = (running.address(), Arc::clone(&requests));
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            for (request, _) in requests.iter().cycle().zip(0..count) {
                connection.ask(request).await?.json(200)?;
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    while let Some(joined) = tasks.join_next().await {
        joined??;
    }
    Ok(())
}

/// Looks a few names up, one after another, and checks every value.
pub(super) async fn check_serves(bench: &Bench, running: &Running) -> Result<()> {
    let mut connection = running.connect().await?;
    for index in 0..10 {
        bench.check_lookup(&mut connection, &TRUTH.row(index).name).await?;
    }
    Ok(())
}

/// Looks names up through a slow proxy until the server has opened its whole pool.
pub(super) async fn fill_pool(proxy: &Proxy, running: &Running, pool: usize) -> Result<()> {
    warm(proxy, running, pool, &lookups()).await
}

/// Asks through a slow proxy until the server has opened its whole pool. Then each connection has prepared the statements
/// of the requests.
pub(super) async fn warm(
    proxy: &Proxy,
    running: &Running,
    pool: usize,
    requests: &[Request],
) -> Result<()> {
    let users = 4 * pool as u64;
    proxy.set(Mode::Forward(Duration::from_millis(5))).await?;
    for _ in 0..20 {
        ask(running, requests, users, 4).await?;
        if proxy.open() >= pool {
            return proxy.set(OPEN).await;
        }
    }
    anyhow::bail!(
        "{users} users never made the server open its {pool} connections, only {}",
        proxy.open()
    )
}

/// Lookups that wait for their answers.
pub(super) struct InFlight(JoinSet<Result<(String, Answer)>>);

/// Holds the proxy, starts lookups, no more than the filled pool has connections, and waits until all are sent.
pub(super) async fn hold_lookups(
    proxy: &Proxy,
    running: &Running,
    count: usize,
) -> Result<InFlight> {
    proxy.set(Mode::Hold).await?;
    let before = proxy.total();
    let mut lookups = JoinSet::new();
    for index in 0..count as u64 {
        let address = running.address();
        lookups.spawn(async move {
            let name = TRUTH.row(300 + index).name;
            let answer = Connection::open(address).await?.get(&demo(&name)).await?;
            Ok((name, answer))
        });
    }
    let sent = || proxy.total().since(&before);
    until(Duration::from_millis(500), || async { (sent().sum() >= count as u64).then_some(()) })
        .await
        .with_context(|| format!("{count} lookups at once have sent {} to the database", sent()))?;
    Ok(InFlight(lookups))
}

impl InFlight {
    /// Waits for the answers, and returns them with their names.
    pub(super) async fn finish(mut self) -> Result<Vec<(String, Answer)>> {
        let mut answers = Vec::new();
        while let Some(joined) = self.0.join_next().await {
            answers.push(joined??);
        }
        Ok(answers)
    }
}
