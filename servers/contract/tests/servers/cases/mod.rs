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

use anyhow::Result;

use crate::{bench::Bench, registry::Server};

type Run = for<'a> fn(&'a Bench) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// One thing that every server of its kind must do.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: Run,
    needs: Needs,
}

/// What a server must have for a case to make sense.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Database,
    Drive,
}

impl Case {
    /// Whether the case makes sense for `server`.
    pub(crate) fn applies_to(&self, server: &Server) -> bool {
        match self.needs {
            Needs::Nothing => true,
            Needs::Database => server.has_database(),
            Needs::Drive => server.drives_itself,
        }
    }
}

/// `need: path, …;` as a list of cases named after their functions.
macro_rules! cases {
    ($($needs:ident: $($module:ident :: $case:ident),+;)+) => {
        &[$($(
            Case { name: stringify!($case), run: |bench| Box::pin($module::$case(bench)), needs: Needs::$needs },
        )+)+]
    };
}

/// Every case. Those under `Database` ask something of the database that a server without one cannot give; those under
/// `Drive` are for servers that drive themselves.
pub(crate) const ALL: &[Case] = cases! {
    Nothing:
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
        hostile::abandoned_requests,
        limits::workers,
        shutdown::sigterm_under_load,
        shutdown::sigterm_when_idle,
        shutdown::sigterm_at_once,
        startup::version,
        startup::version_in_health,
        startup::log_lines,
        startup::port_taken,
        startup::bad_settings;
    Database:
        lookups::random_lookups,
        limits::pool_size,
        limits::one_command_per_lookup,
        limits::one_command_per_lookup_under_load,
        database::database_refuses,
        database::database_silent,
        database::database_cut_mid_query,
        database::late_answers,
        database::database_away_at_start,
        database::database_denies,
        shutdown::sigterm_with_lookups_in_flight,
        shutdown::sigterm_with_one_worker_busy,
        shutdown::sigterm_with_database_silent,
        startup::bad_database_url;
    Drive:
        drive::drive_counts,
        drive::drive_without_database,
        drive::drive_refusals,
        drive::drive_in_company,
        drive::drive_ends_with_its_client,
        drive::sigterm_while_driving;
};
