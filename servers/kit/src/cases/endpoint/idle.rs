//! `GET /idle`: `/demo` without the query.

use anyhow::{Result, ensure};

use crate::bench::Bench;

/// `/idle` takes the parameters of `/demo`, refuses those that it refuses, and answers an empty array.
pub(in crate::cases) async fn idle_finds_nothing(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for _ in 0..10 {
        for target in ["/idle", "/idle?name=A", "/idle?x=1"] {
            ensure!(connection.get(target).await?.rows()?.is_empty(), "{target} finds rows");
        }
    }
    for target in ["/idle?name=", "/idle?name=a&name=b"] {
        connection.get(target).await?.check_error(400)?;
    }
    Ok(())
}
