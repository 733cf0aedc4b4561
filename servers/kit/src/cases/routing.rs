//! Paths, methods and status codes.

use anyhow::{Result, ensure};
use hyper::Method;

use super::endpoint::{has, targets};
use crate::{
    bench::{Bench, TRUTH},
    http::Answer,
};

/// A path that is no endpoint's, to the letter, is 404.
pub(super) async fn unknown_paths(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for target in ["/", "/demo/1", "/Demo", "/demox", "/nothing?name=A", "/demo%2F", "/..", "/%00"]
    {
        check_refusal(&connection.get(target).await?, &[404])?;
    }
    // Routers differ on a slash at the end: an unknown path, or the same, but never a redirect.
    let slash = connection.get("/idle/").await?;
    if slash.status != 200 {
        check_refusal(&slash, &[404])?;
    }
    bench.check_lookup(&mut connection, &TRUTH.row(1).name).await
}

/// A known path with another method is 405, with or without parameters and a body.
pub(super) async fn unknown_methods(bench: &Bench) -> Result<()> {
    let get = targets(&bench.server).into_iter().flat_map(|target| {
        let path = target.split('?').next().unwrap_or_default();
        [Method::POST, Method::PUT, Method::DELETE, Method::PATCH]
            .into_iter()
            .flat_map(move |method| [(method.clone(), path), (method, target)])
    });
    let post = [Method::GET, Method::PUT, Method::DELETE, Method::PATCH]
        .into_iter()
        .filter(|_| has(&bench.server, "insert"))
        .map(|method| (method, "/insert"));
    for (method, target) in get.chain(post) {
        for body in ["", "name=A"] {
            // A server may close rather than read a body that it has no use for: each request has a connection.
            let mut connection = bench.connect().await?;
            check_refusal(&connection.send(method.clone(), target, body).await?, &[405])?;
        }
    }
    let mut connection = bench.connect().await?;
    check_refusal(
        &connection.send(Method::from_bytes(b"BREW")?, "/demo", "").await?,
        &[400, 405, 501],
    )?;
    bench.check_lookup(&mut bench.connect().await?, &TRUTH.row(2).name).await
}

/// HEAD is answered like GET without the body, or refused.
pub(super) async fn head_requests(bench: &Bench) -> Result<()> {
    let mut connection = bench.connect().await?;
    for path in targets(&bench.server) {
        let answer = connection.send(Method::HEAD, path, "").await?;
        ensure!(
            matches!(answer.status, 200 | 405),
            "HEAD {path}: {} instead of 200 or 405",
            answer.status
        );
        ensure!(answer.body.is_empty(), "HEAD {path} is answered with a body");
    }
    // Had a body followed after all, this answer would be out of step.
    bench.check_lookup(&mut bench.connect().await?, &TRUTH.row(2).name).await
}

/// Checks a refusal by the server's routing, whose body is JSON if its Content-Type says so.
fn check_refusal(answer: &Answer, statuses: &[u16]) -> Result<()> {
    ensure!(
        statuses.contains(&answer.status),
        "{} instead of {statuses:?}: {answer:?}",
        answer.status
    );
    answer.check_framing()?;
    if answer.headers.get("content-type").is_some_and(|value| value == "application/json") {
        answer.check_error(answer.status)?;
    }
    Ok(())
}
