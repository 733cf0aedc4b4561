//! `stackmark db`: starts, stops and seeds the databases, and runs commands with them.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use demo_data::loader::{SeedReport, Way};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::service::{origin, process, state, url};
use crate::args::{self, DbAction};
use crate::database;
use crate::os::stop::Stop;
use crate::report::table::{Format, Table};
use crate::service::{self, Lease, Service, ServiceError};
use crate::workspace::Workspace;

/// Runs the verb.
///
/// # Errors
/// When a database cannot be started, stopped, seeded or reached, or a command cannot be run.
pub fn run(args: &args::Db) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let root = workspace.root();
    match &args.action {
        DbAction::Up { names } => {
            for_each(names, |service| service::up(root, service).map(drop))?;
            print(root, names, Format::Table)?;
        }
        DbAction::Seed { names } => {
            for_each(names, |service| {
                let lease = Lease::acquire(root, service, &Stop::never())?;
                println!("{}: {}", service.name(), described(&seed(&lease)?));
                lease.stop()
            })?;
        }
        DbAction::Status { names, format } => print(root, names, *format)?,
        DbAction::Down { names } => {
            for service in service::databases(names)? {
                let was_up = service::down(root, service)?;
                let state = if was_up { "is down" } else { "was down" };
                println!("the private {} {state}", service.name());
            }
        }
        DbAction::Exec { names, command } => return exec(root, names, command),
    }
    Ok(ExitCode::SUCCESS)
}

/// Does something with each of the databases of these names, or with all of them; of all, one that is not installed is only
/// mentioned, unless none is.
fn for_each(
    names: &[String],
    mut with: impl FnMut(&'static dyn Service) -> Result<(), ServiceError>,
) -> Result<(), ServiceError> {
    let databases = service::databases(names)?;
    let mut left = databases.len();
    for service in databases {
        match with(service) {
            Err(error @ ServiceError::NotInstalled { .. }) if names.is_empty() && left > 1 => {
                left -= 1;
                eprintln!("stackmark: without {}: {error}", service.name());
            }
            result => result?,
        }
    }
    Ok(())
}

fn seed(lease: &Lease) -> Result<SeedReport, ServiceError> {
    let database = lease.database().expect("services of `databases` are databases");
    Ok(database.ensure_seeded(&database::bar(), &Stop::never())?)
}

fn described(report: &SeedReport) -> String {
    let how = match report.loaded {
        None => "was already right",
        Some(Way::BulkLoad) => "was loaded",
        Some(Way::Inserts) => "was loaded by batched INSERTs",
    };
    format!(
        "demo_data {how}: {} rows, checksum {}, in {:.1} s",
        report.checksum.rows,
        report.checksum,
        report.took.as_secs_f64()
    )
}

/// Runs a command with the URL of each database in a variable named by its family, such as `POSTGRES_URL`, and that of the first
/// in `DATABASE_URL` too.
fn exec(root: &Path, names: &[String], command: &[String]) -> anyhow::Result<ExitCode> {
    let (program, arguments) = command.split_first().context("no command; write it after `--`")?;
    let mut leases = Vec::new();
    for_each(names, |service| {
        let lease = Lease::acquire(root, service, &Stop::never())?;
        seed(&lease)?;
        leases.push(lease);
        Ok(())
    })?;
    let mut command = Command::new(program);
    command.args(arguments);
    for (i, lease) in leases.iter().enumerate() {
        let family = lease.service().family().context("it is a database")?;
        command.env(format!("{}_URL", family.name().to_uppercase()), lease.url().expose());
        if i == 0 {
            command.env("DATABASE_URL", lease.url().expose());
        }
    }
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {program}: check its name and PATH"))?;
    let pid = Pid::from_raw(i32::try_from(child.id()).context("a process id of Linux fits")?);
    let ended = Arc::new(AtomicBool::new(false));
    let command_ended = ended.clone();
    // A signal to this process is passed on to the command; this process must outlive it, to stop the databases in
    // order.
    ctrlc::set_handler(move || {
        if !command_ended.load(Ordering::SeqCst) {
            // A failure means that the command has just ended.
            let _ = kill(pid, Signal::SIGTERM);
        }
    })
    .context("Ctrl-C cannot be caught")?;
    let status = child.wait()?;
    ended.store(true, Ordering::SeqCst);
    leases.into_iter().try_for_each(Lease::stop)?;
    Ok(exit_code(status))
}

/// The exit code of a command by a shell's convention: 128 and the signal's number where a signal ended it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

fn print(root: &Path, names: &[String], format: Format) -> anyhow::Result<()> {
    let mut table =
        Table::new(&["database", "origin", "state", "process", "url", "version", "table"]);
    for service in service::databases(names)? {
        let status = service::status(root, service)?;
        table.row(vec![
            status.name.to_owned(),
            origin(&status).to_owned(),
            state(&status).to_owned(),
            process(&status),
            url(&status),
            status.version.unwrap_or_default(),
            status.table.as_ref().map(ToString::to_string).unwrap_or_default(),
        ]);
    }
    table.print(format)
}
