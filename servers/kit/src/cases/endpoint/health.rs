//! `GET /health`.

use anyhow::{Result, ensure};

use crate::{bench::Bench, cases::startup::printed_version};

/// `/health` answers with the line of `--version`, again and again.
pub(in crate::cases) async fn version_in_health(bench: &Bench) -> Result<()> {
    let printed = printed_version(bench)?;
    let mut connection = bench.connect().await?;
    for _ in 0..20 {
        let health = connection.get("/health").await?.json(200)?;
        ensure!(
            health["version"] == printed.trim_end_matches('\n'),
            "/health says {health}, --version {printed:?}"
        );
    }
    Ok(())
}
