//! The rows that lookups find, compared by value.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::sync::Barrier;

use crate::{
    bench::{Bench, TRUTH},
    http::{Connection, demo},
};

/// Without a name the server draws one, as often as it should one that finds rows, and the rows are right and complete.
pub(in crate::cases) async fn random_lookups(bench: &Bench) -> Result<()> {
    const LOOKUPS: usize = 3_000;
    let mut connection = bench.connect().await?;
    let mut hits = 0;
    let mut names = BTreeSet::new();
    for _ in 0..LOOKUPS {
        let rows = connection.get("/demo").await?.rows()?;
        let Some(name) = rows.first().map(|row| &row["name"]) else {
            continue;
        };
        let name = name.as_str().context("a name that is no string")?;
        let expected = bench.expected(name)?;
        ensure!(rows == expected, "a random lookup found {rows:?} instead of {expected:?}");
        hits += 1;
        names.insert(name.to_owned());
    }
    // 0.6% of uniform names of uniform length find something: 18 of 3,000, under 2 or over 60 once in millions.
    ensure!(
        (2..=60).contains(&hits) && names.len() > 1,
        "{hits} of {LOOKUPS} random lookups found something, {} names: not names of 1 to 253 characters drawn uniformly from the 76",
        names.len()
    );
    Ok(())
}

/// Names from all over the table find their rows, every value equal to the truth.
pub(in crate::cases) async fn given_names(bench: &Bench) -> Result<()> {
    const LOOKUPS: u64 = 250;
    let mut connection = bench.connect().await?;
    // A stride that shares no factor with the table: all lengths, both ends.
    let indices = (0..LOOKUPS).map(|i| i * 3_989).chain([TRUTH.rows() - 1]);
    for index in indices {
        bench.check_lookup(&mut connection, &TRUTH.row(index).name).await?;
    }
    Ok(())
}

/// 200 connections at once, each with its own lookups, all get their own answers.
pub(in crate::cases) async fn two_hundred_connections(bench: &Bench) -> Result<()> {
    const CONNECTIONS: u64 = 200;
    let address = bench.shared()?.address();
    let all_open = Arc::new(Barrier::new(usize::try_from(CONNECTIONS)?));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..CONNECTIONS {
        let all_open = Arc::clone(&all_open);
        tasks.spawn(async move {
            let connection = Connection::open(address).await;
            all_open.wait().await;
            let mut connection = connection?;
            let mut answers = Vec::new();
            for step in 0..3 {
                let name = TRUTH.row(number * 4_999 + step).name;
                let answer = connection.get(&demo(&name)).await?;
                answers.push((name, answer));
            }
            Ok::<_, anyhow::Error>(answers)
        });
    }
    while let Some(joined) = tasks.join_next().await {
        for (name, answer) in joined?? {
            bench.check_rows(&name, &answer)?;
        }
    }
    // The server is as before: a name that no row has finds nothing.
    let nobody: Vec<Value> = bench.connect().await?.lookup("~").await?.rows()?;
    ensure!(nobody.is_empty(), "a name that nobody has finds {nobody:?}");
    Ok(())
}
