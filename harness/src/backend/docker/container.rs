//! One container, as the engine describes it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::cli::{Cli, last_line};
use crate::failure::Error;
use crate::observe::container::Contained;
use crate::observe::meter::Meter;
use crate::os::process;
use crate::os::stop::{Stop, WaitError, wait_until};

/// How long the engine may take to see that a container has ended.
const NOTICE_TIMEOUT: Duration = Duration::from_secs(5);

/// A container that was started.
#[derive(Clone, Debug)]
pub(super) struct Container {
    /// The engine's name for it.
    pub(super) id: String,
    /// The process id of its first process on this machine.
    pub(super) pid: u32,
    /// Its address; absent in the machine's own network.
    pub(super) address: Option<IpAddr>,
    /// The digest of its image.
    pub(super) image: String,
}

/// What the engine says of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    state: State,
    image: String,
    network_settings: NetworkSettings,
    host_config: HostConfig,
}

/// The state of a container: running, or how it ended.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct State {
    pub(super) running: bool,
    pid: u32,
    pub(super) exit_code: i64,
    #[serde(rename = "OOMKilled")]
    out_of_memory: bool,
    error: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkSettings {
    networks: BTreeMap<String, Network>,
}

#[derive(Debug, Deserialize)]
struct Network {
    #[serde(rename = "IPAddress")]
    address: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    memory: u64,
}

impl Container {
    /// Starts one more container of a service of the project, and nothing that it depends on.
    ///
    /// # Errors
    /// When it does not start; with the last of its log.
    pub(super) fn start(cli: &Cli, service: &str, stop: &Stop) -> Result<Container, Error> {
        let before = list(cli, service, stop)?;
        let started = Container::try_start(cli, service, &before, stop);
        if started.is_err() {
            // Whatever came up would run beside the next one; what remains is taken down with the project.
            let now = list(cli, service, &Stop::never()).unwrap_or_default();
            for id in now.iter().filter(|id| !before.contains(id)) {
                let remove = cli.docker(&["rm", "--force", "--volumes", id]);
                let _ = cli.ask(remove, &Stop::never());
            }
        }
        started
    }

    fn try_start(
        cli: &Cli,
        service: &str,
        before: &[String],
        stop: &Stop,
    ) -> Result<Container, Error> {
        // A server and its twin are two containers of one service.
        let scale = format!("{service}={}", before.len() + 1);
        let up = ["up", "--detach", "--no-deps", "--no-build", "--pull", "never", "--no-recreate"];
        cli.ask(cli.compose(&[&up[..], &["--scale", &scale, service]].concat()), stop)?;
        let new = list(cli, service, stop)?.into_iter().find(|id| !before.contains(id));
        let id = new.ok_or_else(|| {
            Error::Failed(format!("docker compose said that it started {service}, and did not"))
        })?;
        let inspected = inspect(cli, &id)?;
        if !inspected.state.running {
            return Err(Error::Failed(how_it_ended(cli, &id, &inspected)));
        }
        let pid = inspected.state.pid;
        // An engine elsewhere, or in a virtual machine, names processes that are not here.
        let listed = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        if !listed.contains(&id) {
            return Err(Error::Failed(
                "the engine's containers do not run on this machine, so nothing could be measured: run stackmark where \
                 they run"
                    .into(),
            ));
        }
        let networks = inspected.network_settings.networks.values();
        let address = networks.filter_map(|network| network.address.parse().ok()).next();
        Ok(Container { id, pid, address, image: inspected.image })
    }

    /// Whether its first process runs, by the kernel: the engine is not asked.
    pub(super) fn is_running(&self) -> bool {
        process::is_running(self.pid)
    }

    /// What reads its resources.
    ///
    /// # Errors
    /// When it is gone.
    pub(super) fn meter(&self) -> Result<Box<dyn Meter>, Error> {
        let contained = Contained::of(self.pid);
        Ok(Box::new(contained.map_err(|error| Error::Failed(error.to_string()))?))
    }

    /// Its state, by the engine.
    ///
    /// # Errors
    /// When the engine does not know it.
    pub(super) fn state(&self, cli: &Cli) -> Result<State, Error> {
        Ok(inspect(cli, &self.id)?.state)
    }

    /// A sentence about how it ended, with the end of its log.
    pub(super) fn ended(&self, cli: &Cli) -> String {
        // The kernel knows before the engine does.
        let ended = wait_until(Instant::now() + NOTICE_TIMEOUT, &Stop::never(), || {
            inspect(cli, &self.id).map(|inspected| Some(inspected).filter(|it| !it.state.running))
        });
        match ended {
            Ok(inspected) => how_it_ended(cli, &self.id, &inspected),
            Err(WaitError::Failed(error)) => {
                format!("is gone, and docker knows no more ({error})")
            }
            Err(WaitError::TimedOut | WaitError::Interrupted) => {
                with_log(cli, &self.id, "is gone, though docker has not noticed")
            }
        }
    }

    /// The failure `what`, with the last of its log.
    pub(super) fn error(&self, cli: &Cli, what: &str) -> Error {
        Error::Failed(with_log(cli, &self.id, what))
    }

    /// Removes the container at once.
    pub(super) fn remove(&self, cli: &Cli) {
        // What remains is removed with the project.
        let remove = cli.docker(&["rm", "--force", "--volumes", &self.id]);
        let _ = cli.ask(remove, &Stop::never());
    }
}

/// The containers of a service of the project, running or not.
fn list(cli: &Cli, service: &str, stop: &Stop) -> Result<Vec<String>, Error> {
    let project = format!("label=com.docker.compose.project={}", cli.project());
    let service = format!("label=com.docker.compose.service={service}");
    // A command that was run once in a container of the service is not the service.
    let oneoff = "label=com.docker.compose.oneoff=False";
    let filters = ["--filter", &project, "--filter", &service, "--filter", oneoff];
    let list = [&["ps", "--all", "--quiet", "--no-trunc"], &filters[..]].concat();
    let ids = cli.ask(cli.docker(&list), stop)?;
    Ok(ids.split_whitespace().map(str::to_owned).collect())
}

fn inspect(cli: &Cli, id: &str) -> Result<Inspected, Error> {
    // Even when the run is being stopped, what became of a container is worth knowing.
    let never = Stop::never();
    let json = cli.ask(cli.docker(&["inspect", "--type", "container", id]), &never)?;
    let unknown = |why: String| {
        Error::Failed(format!("docker describes its container in an unknown form: {why}"))
    };
    let mut all: Vec<Inspected> =
        serde_json::from_str(&json).map_err(|error| unknown(error.to_string()))?;
    all.pop().ok_or_else(|| unknown("nothing".into()))
}

fn how_it_ended(cli: &Cli, id: &str, inspected: &Inspected) -> String {
    let State { exit_code, out_of_memory, ref error, .. } = inspected.state;
    if out_of_memory {
        let mib = inspected.host_config.memory / (1024 * 1024);
        return format!(
            "was killed by the kernel: it needed more memory than its limit, {mib} MiB"
        );
    }
    let how =
        if error.is_empty() { format!("ended with status {exit_code}") } else { error.clone() };
    with_log(cli, id, &how)
}

fn with_log(cli: &Cli, id: &str, what: &str) -> String {
    let logs = cli.docker(&["logs", "--tail", "20", id]);
    // Servers log on standard error, which `logs` keeps apart.
    match cli.call(logs, &Stop::never()).map(|said| said.out + &said.err) {
        Ok(text) if !text.trim().is_empty() => {
            format!("{what}; its log ends: {}", last_line(&text))
        }
        _ => what.to_owned(),
    }
}
