//! Processes on this machine: private services, CPU sets, loopback.

mod server;

use std::io;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;

use super::build::Commands;
use super::load::{IdleShards, Metered};
use super::{Backend, BuildInfo, Builder, Context, Instance, RunningLoad, healthy};
use crate::database::Counters;
use crate::definition::Server;
use crate::failure::{Error, Failed, Stage};
use crate::format::site::Site;
use crate::load::LoadSpec;
use crate::observe::meter::Meter;
use crate::observe::processes::{Processes, tree};
use crate::os::placement::{Cpus, Placement};
use crate::os::stop::Stop;
use crate::os::{port, process};
use crate::service::{self, Services};
use crate::workspace::Workspace;
use server::ServerProcess;

/// Another process may take the port between its choice and the server's start; hardly three times.
const PORTS: u32 = 3;

/// Processes on this machine.
pub(super) struct Local<'a> {
    workspace: &'a Workspace,
    commands: Commands<'a>,
    services: Services,
    placement: Placement,
    loads: IdleShards,
}

impl<'a> Local<'a> {
    /// Starts the services that the servers need.
    ///
    /// # Errors
    /// When one of them cannot be started; or the interruption.
    pub(super) fn open(
        placement: Option<Placement>,
        context: Context<'a>,
    ) -> Result<Local<'a>, Error> {
        let Context { workspace, usable, servers, stop } = context;
        let services = Services::acquire(workspace.root(), &service::needed(servers)?, stop)?;
        let placement = placement.unwrap_or_else(|| Placement::by_size(usable));
        let commands = Commands::new(context);
        let loads = IdleShards::default();
        Ok(Local { workspace, commands, services, placement, loads })
    }

    fn spawn(&self, server: &Server, address: SocketAddr) -> Result<ServerProcess, Error> {
        let cpus = &self.placement.sets.server;
        let mut settings = vec![
            ("BIND", address.to_string()),
            ("POOL_SIZE", server.pool_size().to_string()),
            ("WORKERS", cpus.count().to_string()),
        ];
        let urls = self.services.environment(server);
        settings.extend(urls.map(|(name, url)| (name, url.expose().to_owned())));
        let mut command = server
            .run_command(self.workspace.root(), &settings)
            .map_err(|error| Error::Failed(error.to_string()))?;
        let log = self.workspace.private().join("logs").join(format!("{}.log", server.name));
        ServerProcess::spawn(&mut command, cpus, address, log)
    }
}

impl Builder for Local<'_> {
    fn build(&mut self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>> {
        let failed = |reason| Error::Failed(Failed::new(Stage::Build, reason));
        self.services.check_needs(server).map_err(failed)?;
        self.commands.build(server, stop)
    }
}

impl Backend for Local<'_> {
    fn services(&self) -> &Services {
        &self.services
    }

    /// Puts the services on their CPUs, and the harness itself on the load's: it must not disturb the server either.
    fn prepare(&mut self, stop: &Stop) -> Result<(), Error> {
        self.services.seed(stop)?;
        let refused =
            |what| move |error| Error::Failed(format!("cannot place {what} on its CPUs: {error}"));
        for lease in self.services.iter() {
            if let Some(pid) = lease.pid() {
                let name = lease.service().name();
                for child in tree(pid) {
                    match process::place(child, &self.placement.sets.db) {
                        // A database's helper may have ended meanwhile; those that come later inherit the place.
                        Err(error) if child != pid && error.kind() == io::ErrorKind::NotFound => {}
                        placed => placed.map_err(refused(name))?,
                    }
                }
            }
        }
        self.services.begin_counting();
        process::place(std::process::id(), &self.placement.sets.load)
            .map_err(refused("the harness"))
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }

    fn site(&self) -> Option<Site> {
        None
    }

    fn start(&mut self, server: &Server, stop: &Stop) -> Result<Box<dyn Instance>, Error> {
        let mut attempt = 1;
        loop {
            let address = port::free_address()
                .map_err(|error| Error::Failed(format!("no free port: {error}")))?;
            let mut running = self.spawn(server, address)?;
            let late = running.errors();
            let alive = || {
                self.check_services()?;
                running.check_alive()
            };
            let error = match healthy::wait(address, stop, alive, late) {
                Ok(_) => {
                    running.has_answered();
                    return Ok(Box::new(running));
                }
                Err(error) => error,
            };
            let lost_its_port = running.check_alive().is_err() && port::is_taken(address);
            if attempt == PORTS || !lost_its_port {
                return Err(error);
            }
            attempt += 1;
        }
    }

    fn start_load(
        &mut self,
        shards: &[LoadSpec],
        stop: &Stop,
    ) -> Result<Box<dyn RunningLoad>, Error> {
        start_load(&self.loads, shards, &self.placement.sets.load, stop)
    }

    fn check_services(&self) -> Result<(), Error> {
        self.services.check().map_err(Error::ServiceLost)
    }

    fn database_meter(&self, server: &Server) -> Option<Box<dyn Meter>> {
        let pid = self.services.database_lease(server)?.pid()?;
        Some(Box::new(Processes::with_children(pid)))
    }

    fn database_counters(&self, server: &Server) -> Option<Counters> {
        // A server that the harness does not start may have other clients.
        self.services.database_lease(server)?.pid()?;
        self.services.counters(server)
    }

    fn close(self: Box<Self>) -> Result<(), Error> {
        Ok(self.services.stop()?)
    }
}

/// Starts a load whose shards are processes of this machine, each on one of `cpus`.
pub(super) fn start_load(
    idle: &IdleShards,
    shards: &[LoadSpec],
    cpus: &Cpus,
    stop: &Stop,
) -> Result<Box<dyn RunningLoad>, Error> {
    idle.start(shards, Metered::Processes, |shard| spawn_shard(shard, cpus), stop)
}

fn spawn_shard(shard: u32, cpus: &Cpus) -> Result<Child, Error> {
    let failed = |error: io::Error| Error::Failed(format!("it cannot be started: {error}"));
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command
        .args(["load", "--spec"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    // A shard has one thread: one CPU each, in turn.
    let cpu: Cpus = [cpus.in_turn(shard)].into_iter().collect();
    process::spawn_tied(&mut command, Some(&cpu), Signal::SIGKILL).map_err(failed)
}
