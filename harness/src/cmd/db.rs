//! `stackmark db`: starts, stops and seeds the database, and runs commands with it.

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
use crate::report::table::Format;
use crate::report::table::Table;
use crate::service::{self, Lease, Status};
use crate::workspace::Workspace;

/// Runs the verb.
///
/// # Errors
/// When the database cannot be started, stopped, seeded or reached, or a command cannot be run.
pub fn run(args: &args::Db) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let root = workspace.root();
    match &args.action {
        DbAction::Up => table(&service::up(root, service::database())?).print(Format::Table)?,
        DbAction::Seed => {
            let lease = Lease::acquire(root, service::database(), &Stop::never())?;
            println!("{}", described(&seed(&lease)?));
            lease.stop()?;
        }
        DbAction::Status { format } => {
            table(&service::status(root, service::database())?).print(*format)?;
        }
        DbAction::Down => {
            let was_up = service::down(root, service::database())?;
            println!(
                "{}",
                if was_up {
                    "the private database is down"
                } else {
                    "the private database was down"
                }
            );
        }
        DbAction::Exec { command } => return exec(root, command),
    }
    Ok(ExitCode::SUCCESS)
}

fn seed(lease: &Lease) -> anyhow::Result<SeedReport> {
    let database = lease.database().context("the service is a database")?;
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

fn exec(root: &Path, command: &[String]) -> anyhow::Result<ExitCode> {
    let (program, arguments) = command.split_first().context("no command; write it after `--`")?;
    let lease = Lease::acquire(root, service::database(), &Stop::never())?;
    seed(&lease)?;
    let mut command = Command::new(program);
    command.args(arguments).env("DATABASE_URL", lease.url().expose());
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {program}: check its name and PATH"))?;
    let pid = Pid::from_raw(i32::try_from(child.id()).context("a process id of Linux fits")?);
    let ended = Arc::new(AtomicBool::new(false));
    let command_ended = ended.clone();
    // A signal to this process is passed on to the command; this process must outlive it, to stop the database in
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
    lease.stop()?;
    Ok(exit_code(status))
}

/// The exit code of a command by a shell's convention: 128 and the signal's number where a signal ended it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

fn table(status: &Status) -> Table {
    let mut table = Table::new(&["database", "state", "process", "url", "version", "table"]);
    table.row(vec![
        origin(status).to_owned(),
        state(status).to_owned(),
        process(status),
        url(status),
        status.version.clone().unwrap_or_default(),
        status.table.as_ref().map(ToString::to_string).unwrap_or_default(),
    ]);
    table
}
