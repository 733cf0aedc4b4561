//! The limits of a server: its pool, its workers, its round trips.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::traffic::{ask, fill_pool};
use crate::{
    bench::{Bench, TRUTH},
    packets::mysql::LOOKUP,
    proctree,
    proxy::Mode,
    subject::POOL,
    wait::until,
};

/// POOL_SIZE is the number of connections in all: never more, and under load no fewer.
pub(super) async fn pool_size(bench: &Bench) -> Result<()> {
    // Two workers share six: a pool of six in each would be twelve.
    for pool in [6, 1] {
        let workers = pool.min(2);
        let (proxy, running) = bench.start_proxied(pool, workers).await?;
        proxy.set(Mode::Forward(Duration::from_millis(5))).await?;
        ask(&running, 7 * pool as u64, 12).await?;
        let peak = proxy.peak();
        ensure!(
            peak == pool,
            "POOL_SIZE={pool}, but {} users made the server open {peak} connections",
            7 * pool
        );
    }
    Ok(())
}

/// N lookups, one after another, are N executions of a prepared statement and nothing else.
pub(super) async fn one_command_per_lookup(bench: &Bench) -> Result<()> {
    check_round_trips(bench, 1, 150).await
}

/// N lookups by eight users on four connections, where pools wait, check and reset, are N executions and nothing else.
pub(super) async fn one_command_per_lookup_under_load(bench: &Bench) -> Result<()> {
    check_round_trips(bench, 8, 40).await
}

async fn check_round_trips(bench: &Bench, users: u64, lookups: u64) -> Result<()> {
    let (proxy, running) = (bench.proxy()?, bench.shared()?);
    // Then every connection is open and has prepared its statement.
    fill_pool(proxy, running, POOL).await?;
    for _ in 0..2 {
        ask(running, users, lookups).await?;
    }
    let (before, accepted) = (proxy.snapshot(), proxy.accepted());
    ask(running, users, lookups).await?;
    let sent = proxy.commands_since(&before)?;
    let expected = users * lookups;
    ensure!(
        sent.is_only(LOOKUP, expected),
        "{expected} lookups sent {sent}; {expected} {LOOKUP} are allowed, each a lookup"
    );
    let opened = proxy.accepted() - accepted;
    ensure!(
        opened == 0,
        "{opened} connections to the database were opened for {expected} lookups: they are to be kept"
    );
    Ok(())
}

/// WORKERS decides how many threads or processes there are.
pub(super) async fn workers(bench: &Bench) -> Result<()> {
    let mut settings = bench.settings();
    settings.workers = "1".to_owned();
    let one = bench.start(&settings).await?;
    let mut settings = bench.settings();
    settings.workers = "5".to_owned();
    let five = bench.start(&settings).await?;
    // Four more, less one for a thread that a library happens to keep a little longer.
    let count = || (proctree::threads(one.pid()), proctree::threads(five.pid()));
    until(Duration::from_secs(3), || async {
        let (one, five) = count();
        (five >= one + 3).then_some(())
    })
    .await
    .with_context(|| {
        let (one, five) = count();
        format!("{one} threads with WORKERS=1 and {five} with WORKERS=5: four more are due")
    })?;
    // With one worker there is still an answer while another client holds a connection.
    let mut idle = one.connect().await?;
    idle.get("/idle").await?.rows()?;
    bench.check_lookup(&mut one.connect().await?, &TRUTH.row(6).name).await
}
