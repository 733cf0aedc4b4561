//! The limits of a server: its pool, its workers, its round trips.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::{
    traffic::{ask, lookups},
    wire::Cost,
};
use crate::{
    bench::{Bench, TRUTH},
    packets::EXECUTION,
    proctree,
    proxy::Mode,
    wait::until,
};

/// POOL_SIZE is the number of connections in all: never more, and under load no fewer.
pub(super) async fn pool_size(bench: &Bench) -> Result<()> {
    // Two workers share six: a pool of six in each would be twelve.
    for pool in [6, 1] {
        let workers = pool.min(2);
        let (proxy, running) = bench.start_proxied(pool, workers).await?;
        proxy.set(Mode::Forward(Duration::from_millis(5))).await?;
        ask(&running, &lookups(), 7 * pool as u64, 12).await?;
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
    cost_of_a_lookup().check(bench, 1, 150).await
}

/// N lookups by eight users on four connections, where pools wait, check and reset, are N executions and nothing else.
pub(super) async fn one_command_per_lookup_under_load(bench: &Bench) -> Result<()> {
    cost_of_a_lookup().check(bench, 8, 40).await
}

fn cost_of_a_lookup() -> Cost {
    Cost { what: "lookups", requests: lookups(), owed: &[(EXECUTION, 1)], allowed: None }
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
