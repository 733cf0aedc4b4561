//! `stackmark service`: starts and stops services, and shows their state.

use std::process::ExitCode;

use crate::args::{self, ServiceAction};
use crate::report::table::{Format, Table};
use crate::service::{self, Origin, Status};
use crate::workspace::Workspace;

/// Runs the verb.
///
/// # Errors
/// When a name is not that of a service, or a service does not start, answer or stop.
pub fn run(args: &args::Service) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let root = workspace.root();
    match &args.action {
        ServiceAction::Up { names } => {
            for service in service::named(names)? {
                service::up(root, service)?;
            }
            print(root, names, Format::Table)?;
        }
        ServiceAction::Status { names, format } => print(root, names, *format)?,
        ServiceAction::Down { names } => {
            for service in service::named(names)? {
                let was_up = service::down(root, service)?;
                let state = if was_up { "is stopped" } else { "was not running" };
                println!("the private {} {state}", service.name());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(root: &std::path::Path, names: &[String], format: Format) -> anyhow::Result<()> {
    let mut table = Table::new(&["service", "origin", "state", "process", "url", "version"]);
    for service in service::named(names)? {
        let status = service::status(root, service)?;
        table.row(vec![
            status.name.to_owned(),
            origin(&status).to_owned(),
            state(&status).to_owned(),
            process(&status),
            url(&status),
            status.version.unwrap_or_default(),
        ]);
    }
    table.print(format)
}

/// A word for who starts and stops the server.
pub(super) fn origin(status: &Status) -> &'static str {
    match status.origin {
        Some(Origin::External) => "external",
        Some(Origin::Private { .. }) | None => "private",
    }
}

/// A word for whether the server runs and answers.
pub(super) fn state(status: &Status) -> &'static str {
    match (status.origin, status.answers) {
        (None, _) => "down",
        (Some(_), false) => "starting or ending",
        (Some(_), true) => "up",
    }
}

/// The private server's process id, if it runs.
pub(super) fn process(status: &Status) -> String {
    match status.origin {
        Some(Origin::Private { pid }) => pid.to_string(),
        Some(Origin::External) | None => String::new(),
    }
}

/// The server's URL without its password, if it runs.
pub(super) fn url(status: &Status) -> String {
    status.url.as_ref().map(ToString::to_string).unwrap_or_default()
}
