//! Processes on this machine: private services, CPU sets, loopback.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;

use super::healthy;
use super::{Backend, BuildInfo, Context, Instance, STOP_TIMEOUT};
use crate::backend::build;
use crate::database::Counters;
use crate::database::counters::CounterReader;
use crate::definition::Server;
use crate::failure::{Error, Failed};
use crate::format::containers::Containers;
use crate::observe::meter::Meter;
use crate::observe::processes::Processes;
use crate::os::placement::{Cpus, Placement};
use crate::os::process;
use crate::os::stop::Stop;
use crate::service::{self, Services};
use crate::workspace::Workspace;

/// Another process may take the port between its choice and the server's start; hardly three times.
const PORTS: u32 = 3;

/// Processes on this machine.
pub struct Local<'a> {
    workspace: &'a Workspace,
    usable: &'a Cpus,
    services: Services,
    placement: Placement,
    counting: Option<CounterReader>,
}

impl<'a> Local<'a> {
    /// Starts the services that the servers need.
    ///
    /// # Errors
    /// When one of them cannot be started.
    pub(super) fn open(
        placement: Option<Placement>,
        context: Context<'a>,
    ) -> Result<Local<'a>, Error> {
        let Context { workspace, usable, servers, .. } = context;
        let services = Services::acquire(workspace.root(), &service::needed(servers))?;
        let placement = placement.unwrap_or_else(|| Placement::by_size(usable));
        Ok(Local { workspace, usable, services, placement, counting: None })
    }

    fn log_of(&self, server: &Server) -> Result<(PathBuf, File), Error> {
        let folder = self.workspace.private().join("logs");
        let path = folder.join(format!("{}.log", server.name));
        let open = || {
            fs::create_dir_all(&folder)?;
            File::create(&path)
        };
        let file = open()
            .map_err(|error| Error::Failed(format!("cannot write {}: {error}", path.display())))?;
        Ok((path, file))
    }

    fn spawn(&self, server: &Server, address: SocketAddr) -> Result<Running, Error> {
        let (log, file) = self.log_of(server)?;
        let failed = |error: io::Error| Error::Failed(format!("cannot be started: {error}"));
        let mut command = server
            .command(&server.run, self.workspace.root())
            .map_err(|error| Error::Failed(error.to_string()))?;
        let urls = self.services.environment(server).map(|(name, url)| (name, url.expose()));
        command
            .env("BIND", address.to_string())
            .envs(urls)
            .env("POOL_SIZE", server.pool_size().to_string())
            .env("WORKERS", self.placement.sets.server.count().to_string())
            .stdin(Stdio::null())
            .stderr(file.try_clone().map_err(failed)?)
            .stdout(file);
        let child =
            process::spawn_tied(&mut command, Some(&self.placement.sets.server), Signal::SIGKILL)
                .map_err(failed)?;
        Ok(Running { child, address, log })
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
                process::place(pid, &self.placement.sets.db).map_err(refused(name))?;
                // Until the first server starts, no other client queries it.
                self.counting =
                    lease.database().and_then(CounterReader::new).or(self.counting.take());
            }
        }
        process::place(std::process::id(), &self.placement.sets.load)
            .map_err(refused("the harness"))
    }

    fn build(&mut self, server: &Server, stop: &Stop) -> Result<BuildInfo, Error<Failed>> {
        let version = build::build(server, self.workspace, self.usable, stop)?;
        Ok(BuildInfo { version, image: None })
    }

    fn start(&mut self, server: &Server, stop: &Stop) -> Result<Box<dyn Instance>, Error> {
        let mut attempt = 1;
        loop {
            let address = free_address()?;
            let mut running = self.spawn(server, address)?;
            let log = running.log.clone();
            let alive = || {
                self.check_services()?;
                running.check_alive()
            };
            let error = match healthy::wait(address, stop, alive, |how| with_log(&log, how)) {
                Ok(_) => return Ok(Box::new(running)),
                Err(error) => error,
            };
            let lost_its_port = running.check_alive().is_err() && is_taken(address);
            if attempt == PORTS || !lost_its_port {
                return Err(error);
            }
            attempt += 1;
        }
    }

    fn start_load(&mut self, shard: u32) -> Result<Child, Error> {
        start_load(shard, &self.placement.sets.load)
    }

    fn load_parts(&self, shards: &[Child]) -> Result<Vec<Meter>, Error> {
        Ok(parts(shards))
    }

    fn check_services(&self) -> Result<(), Error> {
        self.services.check().map_err(Error::ServiceLost)
    }

    fn database_part(&self) -> Option<Meter> {
        let pid = self.services.database_lease()?.pid()?;
        Some(Meter::of(Processes::alone(pid)))
    }

    fn database_counters(&self) -> Option<Counters> {
        self.counting.as_ref()?.read(self.services.database()?)
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }

    fn containers(&self) -> Option<Containers> {
        None
    }

    fn close(self: Box<Self>) -> Result<(), Error> {
        Ok(self.services.stop()?)
    }
}

/// Starts a shard of the load as a process of this machine, on one of its CPUs.
pub(super) fn start_load(shard: u32, load: &Cpus) -> Result<Child, Error> {
    let failed = |error: io::Error| Error::Failed(format!("it cannot be started: {error}"));
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command
        .args(["load", "--spec"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    // A shard has one thread: one CPU each, in turn.
    let cpu: Cpus = [load.in_turn(shard)].into_iter().collect();
    process::spawn_tied(&mut command, Some(&cpu), Signal::SIGKILL).map_err(failed)
}

/// Shards that are processes of this machine.
pub(super) fn parts(shards: &[Child]) -> Vec<Meter> {
    shards.iter().map(|shard| Meter::of(Processes::alone(shard.id()))).collect()
}

/// A server's process, and those it started.
#[derive(Debug)]
struct Running {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Running {
    fn check_alive(&mut self) -> Result<(), Error> {
        match process::ended(&mut self.child) {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.error(&format!("ended with {status}"))),
            Err(error) => Err(self.error(&format!("cannot be observed: {error}"))),
        }
    }

    fn error(&self, what: &str) -> Error {
        with_log(&self.log, what)
    }
}

impl Instance for Running {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn part(&mut self) -> Result<Meter, Error> {
        self.check_alive()?;
        Ok(Meter::of(Processes::tree(self.child.id())))
    }

    fn gone(&mut self) -> Error {
        self.check_alive().err().unwrap_or_else(|| self.error("is gone"))
    }

    fn stop(mut self: Box<Self>) -> Result<(), Error> {
        self.check_alive()?;
        match process::stop(&mut self.child, STOP_TIMEOUT) {
            Ok((status, false)) if status.success() => Ok(()),
            Ok((status, false)) => {
                Err(self.error(&format!("ended with {status} when it was asked to stop")))
            }
            Ok((_, true)) => Err(self.error(&format!(
                "did not stop within {} s and was killed",
                STOP_TIMEOUT.as_secs()
            ))),
            Err(error) => Err(self.error(&format!("cannot be stopped: {error}"))),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing is left to tell the error to; after `stop` this finds it ended.
        let _ = process::stop(&mut self.child, STOP_TIMEOUT);
    }
}

/// The failure `what`, with the last of the server's log.
fn with_log(log: &Path, what: &str) -> Error {
    Error::Failed(match last_line(log) {
        Some(line) => format!("{what}; its log ends: {line}"),
        None => what.to_owned(),
    })
}

/// A free port of the loopback interface. Another process may take it before the server does.
pub(super) fn free_address() -> Result<SocketAddr, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|error| Error::Failed(format!("no free port: {error}")))
}

fn is_taken(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// The last line that says something, of at most the last 4 KiB.
fn last_line(log: &Path) -> Option<String> {
    let mut file = File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(4096))).ok()?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).ok()?;
    let tail = String::from_utf8_lossy(&tail);
    tail.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(ToOwned::to_owned)
}
