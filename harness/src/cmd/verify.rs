//! `stackmark verify`: builds and starts servers, and checks their answers against the rows' truth.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use demo_data::Truth;

use super::interrupt;
use crate::args;
use crate::backend::Backend;
use crate::backend::local::Local;
use crate::build::build;
use crate::database::{self, Lease};
use crate::definition::{Registry, Server, select};
use crate::format::journal::Stage;
use crate::placement::{Cpus, Placement};
use crate::progress::Steps;
use crate::verify::verify;
use crate::workspace::Workspace;

/// Runs the verb. The exit status is 1 if a server failed, 130 if the user stopped it.
///
/// # Errors
/// When the registry cannot be read, a filter matches nothing, or the database cannot be had.
pub fn run(args: &args::Verify) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let registry = Registry::read(&workspace.registry())?;
    let servers =
        select("server", registry.servers(), &args.filter.servers, |server| &server.name)?;
    let cpus = Placement::usable()?;
    let placement = Placement::by_size(&cpus);
    let stop = interrupt::flag()?;
    let lease = Lease::acquire(workspace.root())?;
    if lease.ensure_seeded_unless(&database::bar(), &stop)?.is_none() {
        return Ok(interrupt::exit_code());
    }
    let mut backend = Local::new(&workspace, &lease, placement)?;
    let truth = Truth::new(demo_data::SEED, demo_data::ROWS);
    let mut steps = Steps::new("verify", servers.len() as u64, 0);
    let mut failed = false;
    for server in servers {
        steps.doing(&server.name);
        let checked = check(server, &workspace, &cpus, &mut backend, &truth, &stop);
        if stop.load(Ordering::Relaxed) {
            return Ok(interrupt::exit_code());
        }
        backend.check_database()?;
        match checked {
            Ok(()) => steps.say(&format!("{} tells the truth", server.name)),
            Err((stage, reason)) => {
                failed = true;
                steps.say(&format!("{} failed to {}: {reason}", server.name, stage.verb()));
            }
        }
        steps.step();
    }
    steps.finish();
    lease.stop()?;
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn check(
    server: &Server,
    workspace: &Workspace,
    cpus: &Cpus,
    backend: &mut dyn Backend,
    truth: &Truth,
    stop: &AtomicBool,
) -> Result<(), (Stage, String)> {
    build(server, workspace, cpus, stop)?;
    let instance =
        backend.start(server, stop).map_err(|error| (Stage::Start, error.to_string()))?;
    verify(server, instance.address(), truth, stop)
        .map_err(|error| (Stage::Verify, error.to_string()))?;
    instance.stop().map_err(|error| (Stage::Stop, error.to_string()))
}
