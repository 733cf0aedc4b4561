//! The cases: what a server is tried for, and which servers each is for.

mod connections;
mod database;
mod drive;
mod hostile;
mod limits;
mod lookups;
mod names;
mod routing;
mod shutdown;
mod startup;
mod traffic;

use std::pin::Pin;

use anyhow::{Context as _, Result};

use registry::Server;

use crate::bench::Bench;

type Run = for<'a> fn(&'a Bench) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A property that every server of its kind must have, and the function that tries it.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
    pub(crate) process: Process,
    needs: Needs,
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
        match self.needs {
            Needs::Nothing => true,
            Needs::Database => server.has_database(),
            Needs::Drive => server.drives_itself,
        }
    }
}

/// `process, need: path, …;` as a list of cases named after their functions.
macro_rules! cases {
    ($($process:ident, $needs:ident: $($module:ident :: $case:ident),+;)+) => {
        &[$($(
            Case {
                name: stringify!($case),
                run: |bench| Box::pin($module::$case(bench)),
                process: Process::$process,
                needs: Needs::$needs,
            },
        )+)+]
    };
}

/// Every case. `Database` cases ask something of the database that a server without one cannot give; `Drive` cases are
/// for servers that drive themselves.
///
/// They run in this order, a few at a time: first those that mostly wait, so that the others use the CPU meanwhile.
pub(crate) const ALL: &[Case] = cases! {
    Own, Nothing:
        shutdown::sigterm_under_load;
    Own, Database:
        database::database_silent,
        database::database_denies,
        database::database_refuses;
    Own, Drive:
        drive::drive_without_database;
    Own, Nothing:
        shutdown::sigterm_at_once;
    Own, Database:
        shutdown::sigterm_with_one_worker_busy,
        database::database_away_at_start;
    Alone, Drive:
        drive::drive_counts;
    Own, Database:
        limits::pool_size,
        database::late_answers,
        shutdown::sigterm_with_database_silent,
        shutdown::sigterm_with_lookups_in_flight;
    Own, Nothing:
        shutdown::sigterm_when_idle;
    Alone, Drive:
        drive::drive_ends_with_its_client;
    Own, Drive:
        drive::sigterm_while_driving;
    Own, Database:
        database::database_cut_mid_query,
        startup::bad_database_url;
    Own, Nothing:
        hostile::abandoned_requests,
        limits::workers,
        startup::bad_settings,
        startup::port_taken,
        startup::version;
    Alone, Database:
        limits::one_command_per_lookup,
        limits::one_command_per_lookup_under_load;
    Alone, Drive:
        drive::drive_in_company;
    Alone, Nothing:
        startup::log_lines;
    Shared, Database:
        lookups::random_lookups;
    Shared, Nothing:
        lookups::given_names,
        lookups::two_hundred_connections,
        names::boundary_names,
        names::refused_names,
        names::all_characters,
        names::percent_encoded_names,
        names::utf8_names,
        names::bytes_that_are_not_utf8,
        names::case_matters,
        names::spaces_matter,
        names::injection_shaped_names,
        names::long_names,
        names::other_parameters,
        routing::health_and_idle,
        routing::unknown_paths,
        routing::unknown_methods,
        routing::head_requests,
        connections::keep_alive,
        connections::close_is_honoured,
        connections::request_in_pieces,
        hostile::bad_requests,
        startup::version_in_health;
    Shared, Drive:
        drive::drive_refusals;
};
