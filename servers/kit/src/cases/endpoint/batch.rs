//! `GET /batch`: the rows of many ids, each by a query of its own.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{
    bench::{Bench, TRUTH},
    cases::{traffic::warm, wire::Cost},
    packets::EXECUTION,
    proxy::{Mode, OPEN},
    request::Request,
    subject::POOL,
    wait::until,
};

/// What follows the ids in a request for one row after the other, and in one for all rows at once.
const WAYS: [&str; 2] = ["", "&at_once=true"];

/// Ids that no row has: the highest there is, and one that no insertion reaches.
const ABSENT: [u64; 2] = [i64::MAX.cast_unsigned(), 1 << 62];

fn batch(ids: &[u64], way: &str) -> String {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    format!("/batch?ids={}{way}", ids.join(","))
}

/// The row of each id, and null where there is none.
fn expected(bench: &Bench, ids: &[u64]) -> Result<Vec<Value>> {
    let row = |id: &u64| -> Result<Value> {
        let index = id - 1;
        let is_there = index < TRUTH.rows() && bench.server.has_database();
        Ok(if is_there { serde_json::to_value(TRUTH.row(index))? } else { Value::Null })
    };
    ids.iter().map(row).collect()
}

/// The rows come in the order of the ids, whatever that is, and each as often as it is asked for.
pub(in crate::cases) async fn rows_of_ids(bench: &Bench) -> Result<()> {
    let last = TRUTH.rows();
    let [highest, high] = ABSENT;
    let lists = [
        vec![1],
        vec![last],
        vec![highest],
        vec![5, 17],
        vec![17, 5],
        vec![7, 7, 7],
        vec![9, high, 3, highest, 9, last, 1],
        (1..=100).rev().collect(),
        (0..100).map(|i| 1 + (i * 611_953) % last).collect(),
        vec![high; 100],
    ];
    let mut connection = bench.connect().await?;
    for ids in &lists {
        for way in WAYS {
            let answer = connection.get(&batch(ids, way)).await?;
            answer.check_array(&expected(bench, ids)?)?;
        }
    }
    let right = expected(bench, &[5, 17])?;
    for target in [
        "/batch?ids=5,17&at_once=false",
        "/batch?at_once=true&x=1&ids=5%2C17&y",
        "/batch?&id%73=5,17&id=3&",
    ] {
        connection.get(target).await?.check_array(&right)?;
    }
    Ok(())
}

/// Ids that are missing, no numbers from 1 on, too many, or given twice are 400.
pub(in crate::cases) async fn refused_ids(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    let hundred_and_one = ["1"; 101].join(",");
    let lists = [
        "",
        ",",
        "1,",
        ",1",
        "1,,2",
        "0",
        "1,0",
        "-1",
        "a",
        "1,a",
        "1;2",
        "1 2",
        "1.5",
        "1e3",
        "0x1",
        "NaN",
        "null",
        "[1]",
        "'1'",
        "1'--",
        "1 OR 1=1",
        "%00",
        "1%00",
        "é",
        "٣",
        "%FF",
        "9223372036854775808",
        "99999999999999999999999999",
        hundred_and_one.as_str(),
    ];
    for way in WAYS {
        for ids in lists {
            let target = format!("/batch?ids={}{way}", ids.replace(' ', "%20"));
            let target = target.replace('é', "%C3%A9").replace('٣', "%D9%A3");
            connection.get(&target).await?.check_error(400)?;
        }
    }
    for target in [
        "/batch",
        "/batch?",
        "/batch?ids",
        "/batch?IDS=1",
        "/batch?at_once=true",
        "/batch?ids=1&ids=2",
        "/batch?ids=1&x=1&ids=1",
        "/batch?ids=1&at_once=maybe",
        "/batch?ids=1&at_once=true&at_once=true",
    ] {
        connection.get(target).await?.check_error(400)?;
    }
    connection.get(&batch(&[4], "")).await?.check_array(&expected(bench, &[4])?)
}

/// Ids of a request whose queries are counted: one twice, and one that no row has.
const COUNTED: [u64; 6] = [500_000, 3, 3, 1_000_000, ABSENT[1], 77];
/// What such a request sends to the database.
const OWED: &[(&str, u64)] = &[(EXECUTION, COUNTED.len() as u64)];

/// Each id is a query of its own, one after the other over one connection.
pub(in crate::cases) async fn one_query_after_the_other(bench: &Bench) -> Result<()> {
    const DELAY: Duration = Duration::from_millis(15);
    check_cost(bench, WAYS[0]).await?;
    let proxy = bench.proxy()?;
    let before = proxy.snapshot();
    proxy.set(Mode::Forward(DELAY)).await?;
    let mut connection = bench.connect().await?;
    let asked = Instant::now();
    let answer = connection.get(&batch(&COUNTED, WAYS[0])).await?;
    let took = asked.elapsed();
    proxy.set(OPEN).await?;
    answer.check_array(&expected(bench, &COUNTED)?)?;
    let (count, busy) = (COUNTED.len(), proxy.busy_since(&before)?);
    ensure!(busy == 1, "{count} ids, one after the other, were asked for over {busy} connections");
    ensure!(
        took >= DELAY * COUNTED.len() as u32,
        "{count} ids, one after the other, took {took:?} where each query is held for {DELAY:?}"
    );
    Ok(())
}

/// Each id is a query of its own, all of them under way at the same time.
pub(in crate::cases) async fn all_queries_at_once(bench: &Bench) -> Result<()> {
    check_cost(bench, WAYS[1]).await?;
    let (proxy, running) = (bench.proxy()?, bench.shared()?);
    let ids: Vec<u64> = (0..POOL as u64).map(|i| 900_000 - i * 3_001).collect();
    let target = batch(&ids, WAYS[1]);
    warm(proxy, running, POOL, &[Request::get(target.as_str())]).await?;
    proxy.set(Mode::Hold).await?;
    let before = proxy.total();
    let mut connection = bench.connect().await?;
    let answer = tokio::spawn(async move { connection.get(&target).await });
    let sent = || proxy.total().since(&before).executions();
    let all_sent =
        until(Duration::from_millis(500), || async { (sent().sum() >= POOL as u64).then_some(()) })
            .await;
    let sent = sent();
    proxy.set(OPEN).await?;
    all_sent.with_context(|| format!("{POOL} ids at once have sent {sent} to the database"))?;
    answer.await??.check_array(&expected(bench, &ids)?)
}

async fn check_cost(bench: &Bench, way: &str) -> Result<()> {
    let cost = Cost {
        what: "batches of six ids",
        requests: vec![Request::get(batch(&COUNTED, way))],
        owed: OWED,
        allowed: None,
    };
    cost.check(bench, 1, 20).await?;
    cost.check(bench, 8, 10).await
}
