//! `stackmark build`: builds servers and prints their versions.

use std::process::ExitCode;

use super::{backend as options, interrupt};
use crate::args;
use crate::backend::{self, BuildInfo, Context};
use crate::definition::{Registry, Server, select};
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
    let servers: Vec<Server> =
        select("server", registry.servers(), &args.filter.servers, |server| &server.name)?
            .into_iter()
            .cloned()
            .collect();
    let usable = Placement::usable()?;
    let config = options::config(&args.backend, &args::Limits::default(), None, &usable)?;
    let stop = interrupt::stop()?;
    let context =
        Context { workspace: &workspace, usable: &usable, servers: &servers, stop: &stop };
    let mut builder = backend::builder(config, context)?;
    let mut steps = TerminalProgress::new("build", servers.len() as u64, 0);
    let mut failed = false;
    for server in &servers {
        steps.doing(&server.name);
        match builder.build(server, &stop) {
            Ok(BuildInfo { version, .. }) => steps.say(&version),
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
