//! The kit tried on itself, because a case that cannot fail proves nothing.
//!
//! The honest fixture must pass every case, over a database of each family; with a lie it must fail each case whose
//! `finds` names the lie.

use std::{collections::BTreeMap, env, sync::Arc};

use anyhow::{Context as _, Result, bail, ensure};
use libtest_mimic::Trial;
use registry::{Axes, Ceilings, Role, Server};

use crate::{
    Test,
    cases::{self, Case},
    database::Database,
    driven,
    family::{FAMILIES, Family},
    fixture,
    ledger::Ledger,
    subject::Subject,
};

/// The kit's tests of itself, with a database of each family.
pub(crate) fn tests(databases: &[Arc<Database>], ledger: &Arc<Ledger>) -> Result<Vec<Test>> {
    let mut tests = vec![without_database("kit::driven".to_owned(), driven::try_check)];
    for family in FAMILIES {
        let name = format!("kit::{}::packets_in_pieces", family.name());
        tests.push(without_database(name, move || family.check_reader()));
    }
    for (place, database) in databases.iter().enumerate() {
        tests.extend(with_database(database, ledger, place == 0)?);
    }
    Ok(tests)
}

fn without_database(name: String, check: impl FnOnce() -> Result<()> + Send + 'static) -> Test {
    let trial = Trial::test(name, move || crate::test(async { check() }));
    Test { trial, database: None }
}

/// The tests that need a database. What has nothing to do with its family is tried with the `first` alone.
fn with_database(database: &Arc<Database>, ledger: &Arc<Ledger>, first: bool) -> Result<Vec<Test>> {
    let family = database.family;
    let named = |name: &str| format!("kit::{}::{name}", family.name());
    let subject = |lie: &str, ledger: &Arc<Ledger>| {
        let database = Some(Arc::clone(database));
        Ok::<_, anyhow::Error>(Subject::new(server(lie, family)?, database, Arc::clone(ledger)))
    };
    let honest = Arc::new(subject(fixture::HONEST, ledger)?);
    let fixture = server(fixture::HONEST, family)?;
    let mut trials: Vec<Trial> = cases::ALL
        .iter()
        .filter(|case| case.applies_to(&fixture))
        .map(|case| {
            crate::trial(named(&format!("{}::honest", case.name)), *case, Arc::clone(&honest))
        })
        .collect();
    for case in cases::ALL.iter().filter(|case| first || case.watches_the_database()) {
        for lie in case.finds {
            let subject = subject(lie, ledger)?;
            let name = named(&format!("{}::{lie}", case.name));
            trials.push(Trial::test(name, move || crate::test(check_found(case, &subject))));
        }
    }
    if first {
        let mortal = subject("dies_of_garbage", ledger)?;
        trials.push(Trial::test(named("shared::killer_is_named"), move || {
            crate::test(check_killer_is_named(&mortal))
        }));
        let own_ledger = Arc::new(Ledger::default());
        let killed = subject(fixture::HONEST, &own_ledger)?;
        trials.push(Trial::test(named("shared::death_is_reported"), move || {
            crate::test(check_death_is_reported(killed, &own_ledger))
        }));
    }
    let test = |trial| Test { trial, database: Some(Arc::clone(database)) };
    Ok(trials.into_iter().map(test).collect())
}

async fn check_found(case: &Case, subject: &Subject) -> Result<()> {
    let Err(error) = subject.run(case).await else { bail!("{} does not find this lie", case.name) };
    let error = format!("{error:#}");
    ensure!(!error.contains("did not start"), "{} has not tried the lie: {error}", case.name);
    Ok(())
}

/// When one of two cases that ask a process ends it, that case is named, and the other gets a new process.
async fn check_killer_is_named(subject: &Subject) -> Result<()> {
    let (killer, bystander) = (Case::named("bad_requests")?, Case::named("random_lookups")?);
    let (killed, stood_by) = tokio::join!(subject.run(&killer), subject.run(&bystander));
    stood_by.context("a case in company of one that ends the server")?;
    let Err(error) = killed else { bail!("the end of the server is not noticed") };
    let error = format!("{error:#}");
    ensure!(error.contains("bad_requests ended the server"), "the case is not named: {error}");
    Ok(())
}

/// A process that ends between two cases is replaced, and its end is not forgotten.
async fn check_death_is_reported(subject: Subject, ledger: &Ledger) -> Result<()> {
    subject.run(&Case::named("version_in_health")?).await?;
    subject.kill_shared().await?;
    subject.run(&Case::named("given_names")?).await?;
    ensure!(ledger.deaths().is_empty(), "reported before a case could be found: {ledger:?}");
    drop(subject);
    let deaths = ledger.deaths();
    ensure!(
        deaths.len() == 1 && deaths[0].contains("version_in_health"),
        "the end of one process is reported as {deaths:?}"
    );
    Ok(())
}

/// Makes a registry entry of the fixture with a database of `family`: this very program, run as a server.
fn server(lie: &str, family: &'static dyn Family) -> Result<Server> {
    let program = env::current_exe()?
        .into_os_string()
        .into_string()
        .ok()
        .context("a path that is not UTF-8")?;
    let command = |words: &[&str]| -> Vec<String> {
        let words = words.iter().map(|word| (*word).to_owned());
        [program.clone(), fixture::ARGUMENT.to_owned()].into_iter().chain(words).collect()
    };
    let answers = ["demo", "idle", "page", "agents", "insert", "batch"];
    Ok(Server {
        name: fixture::NAME.to_owned(),
        role: Role::Contender,
        axes: Axes::from([("database", family.name())]),
        answers: answers.map(str::to_owned).to_vec(),
        needs: vec![family.name().to_owned()],
        control_of: None,
        ceilings: Ceilings::default(),
        drives_itself: false,
        dockerfile: String::new(),
        build: Vec::new(),
        version: command(&[fixture::VERSION]),
        run: command(&[lie, family.name()]),
        env: BTreeMap::new(),
        needs_program: Vec::new(),
        twin_of: None,
        built_apart: false,
        variant_of: None,
        pool_size: None,
        checkout: None,
    })
}
