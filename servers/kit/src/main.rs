//! The contract's test kit: the same black-box suite over HTTP against every server of the registry.
//!
//! One test per server and case, named `SERVER::CASE`, so that a part of either name picks tests. The kit also
//! tries itself: servers that lie in one way each must fail the case that is there to find it (`kit::…`).

mod bench;
mod cases;
mod driven;
mod fixture;
mod http;
mod ledger;
mod lies;
mod packets;
mod port;
mod process;
mod proctree;
mod proxy;
mod subject;
mod wait;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use mysql_async::prelude::Queryable as _;
use registry::Registry;
use tokio::runtime;
use url::Url;

use crate::{cases::Case, ledger::Ledger, subject::Subject};

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    if words.next().as_deref() == Some(fixture::ARGUMENT) {
        return fixture::main(words.next().as_deref());
    }
    match suite() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

fn suite() -> Result<ExitCode> {
    let mut arguments = Arguments::from_args();
    // Most cases wait for something: three times as many as cores keeps two cores busy and no deadline missed.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    arguments.test_threads.get_or_insert(3 * cores.min(4));

    // Listing needs no database.
    let database = if arguments.list {
        Arc::new(Url::parse("mysql://127.0.0.1")?)
    } else {
        Arc::new(block_on(database())??)
    };
    let ledger = Arc::new(Ledger::default());
    let mut trials = Vec::new();
    let registry = Registry::read(&root().join("servers/servers.toml"))?;
    for server in registry.servers() {
        let applicable = cases::ALL.iter().filter(|case| case.applies_to(server));
        let (database, ledger) = (Arc::clone(&database), Arc::clone(&ledger));
        let subject = Arc::new(Subject::new(server.clone(), database, ledger));
        trials.extend(applicable.map(|case| {
            trial(format!("{}::{}", server.name, case.name), *case, Arc::clone(&subject))
        }));
    }
    trials.extend(lies::trials(&database, &ledger)?);
    let conclusion = libtest_mimic::run(&arguments, trials);
    eprint!("{}", ledger.summary());
    let deaths = ledger.deaths();
    for death in &deaths {
        eprintln!("{death}");
    }
    Ok(if deaths.is_empty() { conclusion.exit_code() } else { ExitCode::from(101) })
}

/// The repository's root, where every command of the registry runs.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A test of one case; the last one of a server to end takes its shared process with it.
fn trial(name: String, case: Case, subject: Arc<Subject>) -> Trial {
    Trial::test(name, move || test(subject.run(&case)))
}

/// Runs a test's future; its error with all causes is the test's failure.
fn test(outcome: impl Future<Output = Result<()>>) -> Result<(), Failed> {
    block_on(outcome).flatten().map_err(|error| Failed::from(format!("{error:#}")))
}

fn block_on<F: Future>(future: F) -> Result<F::Output> {
    Ok(runtime::Builder::new_current_thread().enable_all().build()?.block_on(future))
}

/// The database from `DATABASE_URL`, once it is known to hold the whole table.
async fn database() -> Result<Url> {
    let text = env::var("DATABASE_URL").ok().filter(|text| !text.is_empty()).context(
        "DATABASE_URL is not set: run the suite as `cargo run --release -p stackmark -- db exec -- cargo test -p kit --test servers`",
    )?;
    let url =
        Url::parse(&text).context("DATABASE_URL is no mysql://user:password@host:port/database")?;
    let options = mysql_async::Opts::from_url(&text)
        .context("DATABASE_URL is no mysql://user:password@host:port/database")?;
    let mut connection = mysql_async::Conn::new(options)
        .await
        .context("the database of DATABASE_URL cannot be reached")?;
    let rows: Option<u64> = connection
        .query_first("SELECT COUNT(*) FROM demo_data")
        .await
        .context("the database of DATABASE_URL has no table demo_data: run `cargo run --release -p stackmark -- db seed`")?;
    connection.disconnect().await?;
    ensure!(
        rows == Some(demo_data::ROWS),
        "demo_data has {} rows instead of {}: run `cargo run --release -p stackmark -- db seed`",
        rows.unwrap_or(0),
        demo_data::ROWS
    );
    Ok(url)
}
