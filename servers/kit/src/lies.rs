//! The kit tried on itself: a case that cannot fail proves nothing.
//!
//! The honest fixture must pass every case; with one lie each it must fail the case that is there to find it.

use std::{collections::BTreeMap, env, sync::Arc};

use anyhow::{Context as _, Result, bail, ensure};
use libtest_mimic::Trial;
use registry::{Axes, Ceilings, Role, Server};
use url::Url;

use crate::{
    cases::{self, Case},
    driven, fixture,
    ledger::Ledger,
    packets,
    subject::Subject,
};

/// A lie of the fixture, and the case that must find it.
const LIES: &[(&str, &str)] = &[
    ("drops_a_row", "boundary_names"),
    ("doubles_a_row", "boundary_names"),
    ("changes_a_value", "given_names"),
    ("swaps_the_times", "given_names"),
    ("adds_a_column", "given_names"),
    ("says_text_html", "given_names"),
    ("mixes_up_answers", "two_hundred_connections"),
    ("always_finds_nothing", "random_lookups"),
    ("always_the_same_name", "random_lookups"),
    ("takes_any_name", "refused_names"),
    ("counts_bytes", "refused_names"),
    ("trims_names", "spaces_matter"),
    ("folds_case", "case_matters"),
    ("matches_patterns", "boundary_names"),
    ("splices_names_into_sql", "injection_shaped_names"),
    ("errors_as_200", "unknown_paths"),
    ("any_method", "unknown_methods"),
    ("closes_after_each_answer", "keep_alive"),
    ("answers_from_memory", "one_command_per_lookup"),
    ("pings_before_each_lookup", "one_command_per_lookup"),
    ("resets_after_each_lookup", "one_command_per_lookup_under_load"),
    ("connects_for_each_lookup", "one_command_per_lookup"),
    ("doubles_the_pool", "pool_size"),
    ("halves_the_pool", "pool_size"),
    ("ignores_workers", "workers"),
    ("empty_when_the_database_is_away", "database_refuses"),
    ("waits_for_the_database", "database_silent"),
    ("keeps_broken_connections", "database_refuses"),
    ("keeps_unread_answers", "late_answers"),
    ("needs_the_database_at_start", "database_away_at_start"),
    ("logs_the_password", "database_denies"),
    ("accepts_after_sigterm", "sigterm_with_lookups_in_flight"),
    ("drops_what_is_in_flight", "sigterm_with_lookups_in_flight"),
    ("waits_for_the_database", "sigterm_with_database_silent"),
    ("keeps_idle_connections", "sigterm_when_idle"),
    ("ignores_sigterm", "sigterm_under_load"),
    ("dies_of_garbage", "bad_requests"),
    ("leaks_abandoned_connections", "abandoned_requests"),
    ("says_another_version", "version_in_health"),
    ("logs_each_request", "log_lines"),
    ("tells_the_password", "bad_database_url"),
    ("takes_any_setting", "bad_settings"),
];

/// The kit's tests of itself.
pub(crate) fn trials(database: &Arc<Url>, ledger: &Arc<Ledger>) -> Result<Vec<Trial>> {
    let subject = |lie: &str, ledger: &Arc<Ledger>| {
        Ok::<_, anyhow::Error>(Subject::new(server(lie)?, Arc::clone(database), Arc::clone(ledger)))
    };
    let honest = Arc::new(subject(fixture::HONEST, ledger)?);
    let fixture = server(fixture::HONEST)?;
    let mut trials: Vec<Trial> = cases::ALL
        .iter()
        .filter(|case| case.applies_to(&fixture))
        .map(|case| crate::trial(format!("kit::{}::honest", case.name), *case, Arc::clone(&honest)))
        .collect();
    trials.push(Trial::test("kit::packets_in_pieces", || {
        crate::test(async { packets::check_reader() })
    }));
    trials.push(Trial::test("kit::driven", || crate::test(async { driven::try_check() })));
    for &(lie, finder) in LIES {
        let case = Case::named(finder)?;
        let subject = subject(lie, ledger)?;
        let name = format!("kit::{finder}::{lie}");
        trials.push(Trial::test(name, move || crate::test(check_found(&case, &subject))));
    }
    let mortal = subject("dies_of_garbage", ledger)?;
    trials.push(Trial::test("kit::shared::killer_is_named", move || {
        crate::test(check_killer_is_named(&mortal))
    }));
    let own_ledger = Arc::new(Ledger::default());
    let killed = subject(fixture::HONEST, &own_ledger)?;
    trials.push(Trial::test("kit::shared::death_is_reported", move || {
        crate::test(check_death_is_reported(killed, &own_ledger))
    }));
    Ok(trials)
}

async fn check_found(case: &Case, subject: &Subject) -> Result<()> {
    let Err(error) = subject.run(case).await else { bail!("{} does not find this lie", case.name) };
    let error = format!("{error:#}");
    ensure!(!error.contains("did not start"), "{} has not tried the lie: {error}", case.name);
    Ok(())
}

/// Of two cases that ask one process, the one that ends it is named, and the other gets a new process.
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
    subject.run(&Case::named("health_and_idle")?).await?;
    subject.kill_shared().await?;
    subject.run(&Case::named("given_names")?).await?;
    ensure!(ledger.deaths().is_empty(), "reported before a case could be found: {ledger:?}");
    drop(subject);
    let deaths = ledger.deaths();
    ensure!(
        deaths.len() == 1 && deaths[0].contains("health_and_idle"),
        "the end of one process is reported as {deaths:?}"
    );
    Ok(())
}

/// The fixture as a registry entry: this very program, run as a server.
fn server(lie: &str) -> Result<Server> {
    let program = env::current_exe()?
        .into_os_string()
        .into_string()
        .ok()
        .context("a path that is not UTF-8")?;
    let command = |word: &str| vec![program.clone(), fixture::ARGUMENT.to_owned(), word.to_owned()];
    Ok(Server {
        name: fixture::NAME.to_owned(),
        role: Role::Contender,
        axes: Axes::from([("database", "mysql")]),
        answers: vec!["demo".to_owned(), "idle".to_owned()],
        needs: vec!["mysql".to_owned()],
        control_of: None,
        ceilings: Ceilings::default(),
        drives_itself: false,
        dockerfile: String::new(),
        build: Vec::new(),
        version: command(fixture::VERSION),
        run: command(lie),
        env: BTreeMap::new(),
        needs_program: Vec::new(),
        twin_of: None,
        variant_of: None,
        pool_size: None,
    })
}
