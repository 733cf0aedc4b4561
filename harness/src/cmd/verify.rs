//! `stackmark verify`: builds and starts servers, and checks their answers against the rows' truth.

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use demo_data::Truth;

use super::interrupt;
use crate::args;
use crate::backend::Backend;
use crate::backend::local::Local;
use crate::build::build;
use crate::database::{self, Lease};
use crate::definition::{Registry, Server, select};
use crate::format::journal::Stage;
use crate::placement::Placement;
use crate::progress::Steps;
use crate::verify::verify;
use crate::workspace::Workspace;

/// Runs the verb. The exit status is 1 if a server failed.
///
/// # Errors
/// When the registry cannot be read, a filter matches nothing, or the database cannot be had.
pub fn run(args: &args::Verify) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let registry = Registry::read(&workspace.registry())?;
    let servers =
        select("server", registry.servers(), &args.filter.servers, |server| &server.name)?;
    let placement = Placement::by_size(&Placement::usable()?);
    let stop = interrupt::flag()?;
    let lease = Lease::acquire(workspace.root())?;
    lease.ensure_seeded(&database::bar())?;
    let mut backend = Local::new(&workspace, &lease, placement)?;
    let truth = Truth::new(demo_data::SEED, demo_data::ROWS);
    let mut steps = Steps::new("verify", servers.len() as u64, 0);
    let mut failed = false;
    for server in servers {
        if stop.load(Ordering::Relaxed) {
            return Ok(interrupt::exit_code());
        }
        steps.doing(&server.name);
        match check(server, &workspace, &mut backend, &truth) {
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
    backend: &mut dyn Backend,
    truth: &Truth,
) -> Result<(), (Stage, String)> {
    build(server, workspace)?;
    let instance = backend.start(server).map_err(|error| (Stage::Start, error.to_string()))?;
    verify(server, instance.address(), truth)
        .map_err(|error| (Stage::Verify, error.to_string()))?;
    instance.stop().map_err(|error| (Stage::Stop, error.to_string()))
}
