//! The command line, the environment, and the log.

use std::{net::TcpListener, time::Duration};

use anyhow::{Context as _, Result, ensure};

use super::endpoint::targets;
use crate::{bench::Bench, family::FAMILIES, process::Settings, root, wait::until};

/// How long a port may stay held by a process that is about to run another program.
const HOLD: Duration = Duration::from_secs(5);

/// `--version` prints one line that begins with the server's name, and needs no configuration.
pub(super) async fn version(bench: &Bench) -> Result<()> {
    let text = printed_version(bench)?;
    let name = &bench.server.name;
    ensure!(text.lines().count() == 1, "not one line: {text:?}");
    ensure!(
        text.split_whitespace().next() == Some(name) && text.contains(|c: char| c.is_ascii_digit()),
        "{text:?} is not {name} and its versions"
    );
    Ok(())
}

/// The output of the version command.
pub(super) fn printed_version(bench: &Bench) -> Result<String> {
    let output = bench
        .server
        .version_command(&root())?
        .output()
        .context("the version command cannot be run")?;
    ensure!(output.status.success(), "the version command ended with {}", output.status);
    String::from_utf8(output.stdout).context("a version that is not UTF-8")
}

/// A server logs one line at its start and none for a request.
pub(super) async fn log_lines(bench: &Bench) -> Result<()> {
    let running = bench.shared()?;
    let at_start = running.log_when_ready();
    ensure!(at_start.lines().count() == 1, "not one line of log at the start: {at_start:?}");
    let before = running.log();
    let mut connection = running.connect().await?;
    let targets = targets(&bench.server);
    for target in ["/demo", "/demo?name=", "/nothing"].iter().chain(&targets).cycle().take(100) {
        connection.get(target).await?;
    }
    let log = running.log();
    let added = log.strip_prefix(&before).unwrap_or(&log);
    ensure!(added.is_empty(), "100 requests were logged: {added}");
    Ok(())
}

/// With a port in use, a server ends with a sentence that names the address, and a status that is not 0.
pub(super) async fn port_taken(bench: &Bench) -> Result<()> {
    let settings = bench.settings();
    // Whoever was started at the moment in which the port was tried has a copy of that try until it runs.
    let hold = || async { TcpListener::bind(&settings.bind).ok() };
    let _holder = until(HOLD, hold).await.context("the port cannot be held")?;
    check_refuses_to_start(bench, &settings, &settings.bind).await?;
    Ok(())
}

/// With a setting that makes no sense, a server ends with a sentence that names the variable, and a status that is not 0.
pub(super) async fn bad_settings(bench: &Bench) -> Result<()> {
    const NUMBERS: [&str; 4] = ["0", "-1", "many", ""];
    let bind = async {
        for bind in ["nonsense", "127.0.0.1", "127.0.0.1:99999", ""] {
            let settings = Settings { bind: bind.to_owned(), ..bench.settings() };
            check_refuses_to_start(bench, &settings, "BIND").await?;
        }
        Ok(())
    };
    let workers = async {
        for number in NUMBERS {
            let settings = Settings { workers: number.to_owned(), ..bench.settings() };
            check_refuses_to_start(bench, &settings, "WORKERS").await?;
        }
        Ok(())
    };
    let pool_size = async {
        for number in NUMBERS.into_iter().filter(|_| bench.server.has_database()) {
            let settings = Settings { pool_size: number.to_owned(), ..bench.settings() };
            check_refuses_to_start(bench, &settings, "POOL_SIZE").await?;
        }
        Ok(())
    };
    tokio::try_join!(bind, workers, pool_size).map(drop)
}

/// Without a usable DATABASE_URL, a server ends with a sentence that keeps its password secret.
pub(super) async fn bad_database_url(bench: &Bench) -> Result<()> {
    const PASSWORD: &str = "to-be-kept-secret";
    for url in [
        None,
        Some(String::new()),
        Some(format!("nonsense {PASSWORD}")),
        Some(format!("gopher://user:{PASSWORD}@127.0.0.1:3306/database")),
    ] {
        let settings = Settings { database_url: url, ..bench.settings() };
        let log = check_refuses_to_start(bench, &settings, "DATABASE_URL").await?;
        ensure!(!log.contains(PASSWORD), "the password is shown: {log}");
    }
    Ok(())
}

/// With the URL of a database of another family, a server ends as it does without any.
pub(super) async fn other_database(bench: &Bench) -> Result<()> {
    const PASSWORD: &str = "to-be-kept-secret";
    let own = bench.database()?.family.name();
    for other in FAMILIES.iter().filter(|family| family.name() != own) {
        let (scheme, port) = (other.name(), other.default_port());
        let url = format!("{scheme}://user:{PASSWORD}@127.0.0.1:{port}/database");
        let settings = Settings { database_url: Some(url), ..bench.settings() };
        let log = check_refuses_to_start(bench, &settings, "DATABASE_URL").await?;
        ensure!(!log.contains(PASSWORD), "the password is shown: {log}");
    }
    Ok(())
}

async fn check_refuses_to_start(
    bench: &Bench,
    settings: &Settings,
    naming: &str,
) -> Result<String> {
    let running = bench.spawn(settings)?;
    let status = running
        .wait_for_exit(Duration::from_secs(5))
        .await
        .with_context(|| format!("started with {}", shown(settings)))?;
    let log = running.log();
    ensure!(!status.success(), "ended with 0 although started with {}", shown(settings));
    // Rust servers have their start in common, and with it this status.
    let is_rust = bench.server.axes.get("language") == "rust";
    ensure!(
        !is_rust || status.code() == Some(2),
        "ended with {status} instead of 2, started with {}: {log}",
        shown(settings)
    );
    ensure!(
        log.contains(naming),
        "does not name {naming}, started with {}: {log:?}",
        shown(settings)
    );
    ensure!(
        log.lines().count() <= 2,
        "more than a sentence, started with {}: {log}",
        shown(settings)
    );
    Ok(log)
}

/// The settings without the database's password.
fn shown(settings: &Settings) -> String {
    format!(
        "BIND={:?} POOL_SIZE={:?} WORKERS={:?}",
        settings.bind, settings.pool_size, settings.workers
    )
}
