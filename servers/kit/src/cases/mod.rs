//! The cases: the properties of the contract, the servers that each is for, and the lies that each must find.

mod connections;
mod database;
mod endpoint;
mod hostile;
mod limits;
mod routing;
mod shutdown;
mod startup;
mod traffic;
mod wire;

use std::pin::Pin;

use anyhow::{Context as _, Result};
use registry::Server;

use self::{
    Needs::{Answers, Database, Drive, Nothing, Queries},
    endpoint::{
        agents, batch,
        demo::{lookups, names},
        drive, health, idle, insert, page,
    },
};
use crate::bench::Bench;

type Run = for<'a> fn(&'a Bench) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A property that every server of its kind must have, and the function that tries it.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
    pub(crate) process: Process,
    needs: Needs,
    /// The lies of the fixture that the case must find.
    pub(crate) finds: &'static [&'static str],
}

/// The process that a case asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Process {
    /// Processes that the case starts itself, because it kills, stops, starves or configures them.
    Own,
    /// The process that all cases share, alone with it: the case counts what is sent, opened or logged.
    Alone,
    /// The process that all cases share, at the same time as others.
    Shared,
}

/// The property that a server must have for a case to make sense.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Database,
    /// An endpoint, as the registry's `answers` name it.
    Answers(&'static str),
    /// An endpoint that is answered from a database.
    Queries(&'static str),
    Drive,
}

impl Case {
    /// Finds a case by its name.
    pub(crate) fn named(name: &str) -> Result<Case> {
        ALL.iter()
            .find(|case| case.name == name)
            .copied()
            .with_context(|| format!("no case {name}"))
    }

    /// Whether the case makes sense for `server`.
    pub(crate) fn applies_to(&self, server: &Server) -> bool {
        let answers = |endpoint: &str| server.answers.iter().any(|answer| answer == endpoint);
        match self.needs {
            Needs::Nothing => true,
            Needs::Database => server.has_database(),
            Needs::Answers(endpoint) => answers(endpoint),
            Needs::Queries(endpoint) => answers(endpoint) && server.has_database(),
            Needs::Drive => server.drives_itself,
        }
    }

    /// Whether the case looks at what happens between a server and its database, so that the database's family matters.
    pub(crate) fn watches_the_database(&self) -> bool {
        matches!(self.needs, Needs::Database | Needs::Queries(_) | Needs::Drive)
    }
}

/// `process, need => module::function finds [lie, …], …;` as a list of cases named after their functions.
macro_rules! cases {
    ($($process:ident, $needs:expr => $(
        $module:ident :: $case:ident $(finds [$($lie:ident),+])?
    ),+;)+) => {
        &[$($(
            Case {
                name: stringify!($case),
                run: |bench| Box::pin($module::$case(bench)),
                process: Process::$process,
                needs: $needs,
                finds: &[$($(stringify!($lie)),+)?],
            },
        )+)+]
    };
}

/// Every case. `Database` cases ask something of the database that a server without one cannot give, `Answers` cases are
/// for servers with an endpoint, `Queries` cases for servers with both, and `Drive` cases for servers that drive
/// themselves.
///
/// They run in this order, a few at a time: first those that mostly wait, so that the others use the CPU meanwhile.
pub(crate) const ALL: &[Case] = cases! {
    Own, Nothing =>
        shutdown::sigterm_under_load finds [ignores_sigterm];
    Own, Database =>
        database::database_silent finds [waits_for_the_database],
        database::database_denies finds [logs_the_password],
        database::database_refuses finds [empty_when_the_database_is_away, keeps_broken_connections];
    Own, Drive =>
        drive::drive_without_database;
    Own, Nothing =>
        shutdown::sigterm_at_once;
    Own, Database =>
        shutdown::sigterm_with_one_worker_busy,
        database::database_away_at_start finds [needs_the_database_at_start];
    Alone, Drive =>
        drive::drive_counts;
    Own, Database =>
        limits::pool_size finds [doubles_the_pool, halves_the_pool],
        database::late_answers finds [keeps_unread_answers],
        shutdown::sigterm_with_database_silent finds [waits_for_the_database],
        shutdown::sigterm_with_lookups_in_flight finds [accepts_after_sigterm, drops_what_is_in_flight];
    Own, Nothing =>
        shutdown::sigterm_when_idle finds [keeps_idle_connections];
    Alone, Drive =>
        drive::drive_ends_with_its_client;
    Own, Drive =>
        drive::sigterm_while_driving;
    Own, Database =>
        database::database_cut_mid_query,
        startup::bad_database_url finds [shows_the_password],
        startup::other_database finds [takes_any_database];
    Own, Nothing =>
        hostile::abandoned_requests finds [leaks_abandoned_connections],
        limits::workers finds [ignores_workers],
        startup::bad_settings finds [takes_any_setting],
        startup::port_taken,
        startup::version;
    Alone, Database =>
        limits::one_command_per_lookup
            finds [answers_from_memory, pings_before_each_lookup, connects_for_each_lookup],
        limits::one_command_per_lookup_under_load finds [resets_after_each_lookup];
    Alone, Queries("page") =>
        page::one_query_per_page finds [counts_before_each_page];
    Alone, Queries("agents") =>
        agents::one_query_for_agents finds [asks_for_each_status];
    Alone, Queries("batch") =>
        batch::one_query_after_the_other
            finds [batches_in_one_query, batches_without_repeats, always_batches_at_once],
        batch::all_queries_at_once finds [batches_in_one_query, never_batches_at_once];
    Alone, Queries("insert") =>
        insert::one_transaction_per_row
            finds [inserts_without_a_transaction, reads_after_the_commit, connects_for_each_row];
    Alone, Drive =>
        drive::drive_in_company;
    Alone, Nothing =>
        startup::log_lines finds [logs_each_request];
    Shared, Database =>
        lookups::random_lookups finds [always_finds_nothing, always_the_same_name];
    Shared, Answers("demo") =>
        lookups::given_names
            finds [changes_a_value, swaps_the_times, adds_a_column, says_text_html],
        lookups::two_hundred_connections finds [mixes_up_answers],
        names::boundary_names finds [drops_a_row, doubles_a_row, matches_patterns],
        names::refused_names finds [takes_any_name, counts_bytes],
        names::all_characters,
        names::percent_encoded_names,
        names::utf8_names,
        names::bytes_that_are_not_utf8,
        names::case_matters finds [folds_case],
        names::spaces_matter finds [trims_names],
        names::injection_shaped_names finds [splices_names_into_sql],
        names::long_names,
        names::other_parameters;
    Shared, Answers("page") =>
        page::pages_in_order finds [page_by_id, page_of_101, turns_ids_of_a_name_around],
        page::prefixes_are_literal finds [takes_a_prefix_for_a_pattern, folds_prefixes],
        page::refused_prefixes finds [takes_any_prefix];
    Shared, Answers("agents") =>
        agents::all_agents finds [changes_a_status, agents_by_name, leaves_out_an_agent];
    Shared, Answers("batch") =>
        batch::rows_of_ids finds [batches_by_id, leaves_out_absent_rows],
        batch::refused_ids finds [takes_any_ids];
    Shared, Queries("insert") =>
        insert::inserted_rows
            finds [rolls_back, trims_inserted_names, inserts_old_times, takes_ids_from_bodies],
        insert::refused_bodies finds [takes_any_body];
    Shared, Nothing =>
        idle::idle_finds_nothing finds [takes_any_name, finds_rows_when_idle],
        health::version_in_health finds [says_another_version],
        routing::unknown_paths finds [errors_as_200],
        routing::unknown_methods finds [any_method],
        routing::head_requests,
        connections::keep_alive finds [closes_after_each_answer],
        connections::close_is_honoured,
        connections::request_in_pieces,
        hostile::bad_requests finds [dies_of_garbage];
    Shared, Drive =>
        drive::drive_refusals;
};
