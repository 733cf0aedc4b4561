//! `stackmark verify`: builds and starts servers, and checks their answers.

use std::process::ExitCode;

use super::{backend as options, interrupt};
use crate::args;
use crate::backend::{self, Context};
use crate::definition::{Registry, Server, select};
use crate::failure::{Error, Failed};
use crate::os::placement::Placement;
use crate::run::backend_executor::BackendExecutor;
use crate::run::executor::{Executor, verified};
use crate::run::progress::{Progress, TerminalProgress};
use crate::workload::Rows;
use crate::workspace::Workspace;

/// Runs the verb. The exit status is 1 if a server failed, 130 if the user stopped it.
///
/// # Errors
/// When the registry cannot be read, a filter matches nothing, or the database does not start.
pub fn run(args: &args::Verify) -> anyhow::Result<ExitCode> {
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
    let mut backend = backend::open(config, context)?;
    backend.prepare(&stop)?;
    let rows = Rows::seeded();
    let mut executor = BackendExecutor::new(backend.as_mut(), &rows, &stop);
    let mut steps = TerminalProgress::new("verify", servers.len() as u64, 0);
    let mut failed = false;
    for server in &servers {
        steps.doing(&server.name);
        let built = executor.build(server);
        match built.and_then(|_| verified(&mut executor, server, |_| Ok(()))) {
            Ok(()) => steps.say(&format!("{}: all answers correct", server.name)),
            Err(Error::Failed(Failed { stage, reason })) => {
                failed = true;
                steps.say(&format!("{} failed to {}: {reason}", server.name, stage.verb()));
            }
            Err(error) => return Err(error.map(|failed| failed.reason).into()),
        }
        steps.advance(1);
    }
    steps.finish();
    backend.close()?;
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
