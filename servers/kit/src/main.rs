//! The contract's test kit: the same black-box suite over HTTP against every server of the registry.
//!
//! One test per server and case, named `SERVER::CASE`, so that a part of either name picks tests. Without such a part, the
//! servers are tried whose code no other has ([`selection`]). The kit also
//! tries itself: servers that lie in one way each must fail the case that is there to find it (`kit::FAMILY::CASE::LIE`).

mod bench;
mod cases;
mod database;
mod driven;
mod family;
mod fixture;
mod http;
mod insertions;
mod ledger;
mod lies;
mod packets;
mod port;
mod process;
mod proctree;
mod proxy;
mod request;
mod row;
mod selection;
mod subject;
mod wait;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Result, bail};
use libtest_mimic::{Arguments, Failed, Trial};
use registry::{Registry, Server};
use tokio::runtime;

use crate::{cases::Case, database::Database, family::FAMILIES, ledger::Ledger, subject::Subject};

/// A test, and the database that it needs.
struct Test {
    trial: Trial,
    database: Option<Arc<Database>>,
}

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    if words.next().as_deref() == Some(fixture::ARGUMENT) {
        return fixture::main(words);
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

    let databases: Vec<Arc<Database>> =
        FAMILIES.iter().map(|family| Arc::new(Database::new(*family))).collect();
    let ledger = Arc::new(Ledger::default());
    let mut tests = Vec::new();
    let registry = Registry::read(&root().join("servers/servers.toml"))?;
    let is_unnamed = arguments.filter.is_none() && !arguments.list;
    let servers = if is_unnamed {
        selection::chosen(registry.servers())?
    } else {
        registry.servers().to_vec()
    };
    for server in &servers {
        let database = database_of(server, &databases)?;
        let subject = Arc::new(Subject::new(server.clone(), database.clone(), Arc::clone(&ledger)));
        for case in cases::ALL.iter().filter(|case| case.applies_to(server)) {
            let trial =
                trial(format!("{}::{}", server.name, case.name), *case, Arc::clone(&subject));
            tests.push(Test { trial, database: database.clone() });
        }
    }
    tests.extend(lies::tests(&databases, &ledger)?);
    // Listing needs no database, and running some tests only theirs.
    let runs = |test: &&Test| !arguments.list && !arguments.is_filtered_out(&test.trial);
    for database in tests.iter().filter(runs).filter_map(|test| test.database.as_ref()) {
        block_on(database.open())??;
    }
    let trials = tests.into_iter().map(|test| test.trial).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    eprint!("{}", ledger.summary());
    let (tried, all) = (servers.len(), registry.servers().len());
    if tried < all {
        eprintln!(
            "{tried} of {all} servers were tried: KIT_SERVERS=all tries all, which takes longer"
        );
    }
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

/// The database of the server's family; none for a server without one.
fn database_of(server: &Server, databases: &[Arc<Database>]) -> Result<Option<Arc<Database>>> {
    let Some(family) = server.database() else { return Ok(None) };
    match databases.iter().find(|database| database.family.name() == family) {
        Some(database) => Ok(Some(Arc::clone(database))),
        None => {
            let known: Vec<_> = FAMILIES.iter().map(|family| family.name()).collect();
            bail!(
                "{} needs a database of {family}, and the kit knows {} only: add a family to it",
                server.name,
                known.join(" and ")
            )
        }
    }
}
