//! `stackmark verify`: builds and starts servers, and checks their answers against the rows' truth.

use std::process::ExitCode;

use demo_data::Truth;

use super::interrupt;
use crate::args;
use crate::backend::{self, Backend, Network, Opening};
use crate::database;
use crate::definition::{Registry, Server, select};
use crate::failure::{Error, Failed, Stage};
use crate::os::placement::Placement;
use crate::os::stop::Stop;
use crate::run::progress::TerminalProgress;
use crate::run::verify::verify;
use crate::workspace::Workspace;

/// Runs the verb. The exit status is 1 if a server failed, 130 if the user stopped it.
///
/// # Errors
/// When the registry cannot be read, a filter matches nothing, or the database cannot be had.
pub fn run(args: &args::Verify) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    let registry = Registry::read(&workspace.registry())?;
    let servers: Vec<Server> =
        select("server", registry.servers(), &args.filter.servers, |server| &server.name)?
            .into_iter()
            .cloned()
            .collect();
    let stop = interrupt::stop()?;
    let opening = Opening {
        workspace: &workspace,
        usable: &Placement::usable()?,
        placement: None,
        servers: &servers,
        at: args.at.as_deref(),
        network: Network::default(),
        no_quota: false,
        stop: &stop,
    };
    let mut backend = backend::open(args.backend, opening)?;
    if backend.lease().ensure_seeded_unless(&database::bar(), &stop)?.is_none() {
        return Ok(interrupt::exit_code());
    }
    backend.settle()?;
    let truth = Truth::new(demo_data::SEED, demo_data::ROWS);
    let mut steps = TerminalProgress::new("verify", servers.len() as u64, 0);
    let mut failed = false;
    for server in &servers {
        steps.doing(&server.name);
        let checked = check(server, backend.as_mut(), &truth, &stop);
        stop.check().map_err(Error::<String>::from)?;
        backend.check_services()?;
        match checked {
            Ok(()) => steps.say(&format!("{}: all answers correct", server.name)),
            Err(Error::Failed(Failed { stage, reason })) => {
                failed = true;
                steps.say(&format!("{} failed to {}: {reason}", server.name, stage.verb()));
            }
            Err(error) => return Err(error.map(|failed| failed.reason).into()),
        }
        steps.step();
    }
    steps.finish();
    backend.close()?;
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn check(
    server: &Server,
    backend: &mut dyn Backend,
    truth: &Truth,
    stop: &Stop,
) -> Result<(), Error<Failed>> {
    backend.build(server, stop)?;
    let instance = backend.start(server, stop).map_err(|error| error.at(Stage::Start))?;
    verify(server, instance.address(), truth, stop).map_err(|error| error.at(Stage::Verify))?;
    instance.stop().map_err(|error| error.at(Stage::Stop))
}
