//! A server's process, which is started, waited for, signalled, and always reaped.

use std::{
    fs::File,
    io::Read as _,
    net::SocketAddr,
    path::Path,
    process::{Child, ExitStatus, Stdio},
    sync::{Mutex, OnceLock},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use registry::Server;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::NamedTempFile;

use crate::{family::FAMILIES, http::Connection, port::Port, proctree, root, wait::until};

/// How long a server may take from its start until `/health` answers 200.
const READY: Duration = Duration::from_secs(10);

/// The time that may pass between the last sign of a dying process and its exit status.
const DYING: Duration = Duration::from_millis(300);

/// The environment of a server. Strings, so that a case can hand over nonsense.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) bind: String,
    pub(crate) database_url: Option<String>,
    pub(crate) pool_size: String,
    pub(crate) workers: String,
    /// The port that the kit connects to, even if `bind` is nonsense.
    pub(crate) port: Port,
}

impl Settings {
    /// Settings with a free loopback port, a small pool and two workers.
    pub(crate) fn new(database_url: Option<String>) -> Self {
        let port = Port::free();
        Self {
            bind: port.address().to_string(),
            database_url,
            pool_size: "8".to_owned(),
            workers: "2".to_owned(),
            port,
        }
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = vec![
            ("BIND", self.bind.clone()),
            ("POOL_SIZE", self.pool_size.clone()),
            ("WORKERS", self.workers.clone()),
        ];
        if let Some(url) = &self.database_url {
            environment.push(("DATABASE_URL", url.clone()));
        }
        environment
    }
}

/// A started server. When the value is dropped, the process and its descendants are killed.
pub(crate) struct Running {
    child: Mutex<Child>,
    port: Port,
    output: NamedTempFile,
    log_when_ready: OnceLock<String>,
}

impl Running {
    /// Starts `server` without waiting for anything.
    pub(crate) fn spawn(server: &Server, settings: &Settings) -> Result<Self> {
        let output = NamedTempFile::new().context("a temporary file for the server's log")?;
        let log = File::options().append(true).open(output.path())?;
        let mut command = server.run_command(&root(), &settings.environment())?;
        let program = Path::new(command.get_program());
        // A bare name is looked up in PATH.
        ensure!(
            program.components().count() == 1 || program.exists(),
            "{name} is not built: run `cargo run --release -p stackmark -- build -s '^{name}$'` first",
            name = server.name
        );
        // The variables of the kit are no settings: a server finds its database in DATABASE_URL alone.
        for variable in FAMILIES.iter().map(|family| family.variable()) {
            if variable != "DATABASE_URL" {
                command.env_remove(variable);
            }
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} cannot be started", server.name))?;
        Ok(Self {
            child: Mutex::new(child),
            port: settings.port.clone(),
            output,
            log_when_ready: OnceLock::new(),
        })
    }

    /// Waits until `/health` answers 200.
    pub(crate) async fn wait_until_ready(&self) -> Result<()> {
        self.wait_for_health(200, READY).await?;
        self.log_when_ready.get_or_init(|| self.log());
        Ok(())
    }

    /// Waits until `/health` answers `status`; fails at once if the process ends.
    pub(crate) async fn wait_for_health(&self, status: u16, limit: Duration) -> Result<()> {
        let healthy = until(limit, || async {
            if let Some(exit) = self.exit_status() {
                return Some(Err(exit));
            }
            let answer =
                Connection::open(self.port.address()).await.ok()?.get("/health").await.ok()?;
            (answer.status == status).then_some(Ok(()))
        })
        .await;
        match healthy {
            Some(Ok(())) => Ok(()),
            Some(Err(exit)) => bail!("the server ended ({exit}) and said: {}", self.log()),
            None => bail!(
                "/health did not answer {status} within {limit:?}; the server said: {}",
                self.log()
            ),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.port.address()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.lock().expect("no holder of the lock panics").id()
    }

    /// Opens a keep-alive connection to the server.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        Connection::open(self.port.address()).await
    }

    /// The text that the server has written to its standard output and error.
    pub(crate) fn log(&self) -> String {
        let mut bytes = Vec::new();
        // An unreadable log must not hide the failure that it was to explain.
        if let Ok(mut file) = File::open(self.output.path()) {
            let _ = file.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The log as it was when `/health` first answered 200; empty if nobody has waited for that.
    pub(crate) fn log_when_ready(&self) -> &str {
        self.log_when_ready.get().map_or("", String::as_str)
    }

    /// The exit status, if the process has ended.
    pub(crate) fn exit_status(&self) -> Option<ExitStatus> {
        self.child.lock().expect("no holder of the lock panics").try_wait().ok().flatten()
    }

    /// The exit status of a process that has ended when a case on it comes to `outcome`.
    ///
    /// A dying process closes its connections before it can be reaped: after an error its end is waited for.
    pub(crate) async fn exit_status_after<T>(&self, outcome: &Result<T>) -> Option<ExitStatus> {
        let limit = if outcome.is_err() { DYING } else { Duration::ZERO };
        until(limit, || async { self.exit_status() }).await
    }

    /// Sends SIGTERM, as a supervisor does.
    pub(crate) fn terminate(&self) -> Result<()> {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).context("a process id")?;
        kill_process(pid, Signal::TERM).context("SIGTERM")
    }

    /// Kills the process alone, not what it has started, and reaps it.
    pub(crate) fn kill(&self) -> Result<()> {
        let mut child = self.child.lock().expect("no holder of the lock panics");
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Waits for the end of the process.
    pub(crate) async fn wait_for_exit(&self, limit: Duration) -> Result<ExitStatus> {
        until(limit, || async { self.exit_status() })
            .await
            .with_context(|| format!("still running after {limit:?}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Ok(child) = self.child.get_mut() else {
            return;
        };
        if matches!(child.try_wait(), Ok(Some(_))) {
            return;
        }
        // The process is not reaped yet, so its id is still its own.
        for pid in proctree::tree(child.id()) {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        let _ = child.wait();
    }
}
