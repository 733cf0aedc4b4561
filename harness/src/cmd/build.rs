//! `stackmark build`: builds servers, and prints each one's version.

use std::process::ExitCode;

use super::interrupt;
use crate::args;
use crate::backend::build::build;
use crate::definition::{Registry, select};
use crate::failure::{Error, Failed};
use crate::os::placement::Placement;
use crate::run::progress::{Progress, TerminalProgress};
use crate::workspace::Workspace;

/// Runs the verb. The exit status is 1 if a server failed, 130 if the user stopped it.
///
/// # Errors
/// When the registry cannot be read, or a filter matches nothing.
pub fn run(args: &args::Build) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let registry = Registry::read(&workspace.registry())?;
    let servers =
        select("server", registry.servers(), &args.filter.servers, |server| &server.name)?;
    let cpus = Placement::usable()?;
    let stop = interrupt::stop()?;
    let mut steps = TerminalProgress::new("build", servers.len() as u64, 0);
    let mut failed = false;
    for server in servers {
        steps.doing(&server.name);
        match build(server, &workspace, &cpus, &stop) {
            Ok(version) => steps.say(&version),
            Err(Error::Failed(Failed { stage, reason })) => {
                failed = true;
                steps.say(&format!("{} failed to {}: {reason}", server.name, stage.verb()));
            }
            Err(error) => return Err(error.map(|failed| failed.reason).into()),
        }
        steps.advance(1);
    }
    steps.finish();
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
