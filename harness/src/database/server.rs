//! The private mariadbd as a process: finding it, starting it, stopping it.

use std::env;
use std::fs::{self, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::DatabaseError;
use super::folder::{Folder, SCHEMA, USER, cause};
use super::session::Session;
use super::url::DatabaseUrl;
use crate::os::process;
use crate::os::stop::{Stop, WaitError, wait_until};

/// Recovery after a crash reads the log again, on a slow disk too.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// A clean end writes what is only in memory.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// Another process may take the port between the choice and the start; hardly five times.
const PORTS: usize = 5;

/// A running server of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) pid: u32,
    pub(super) port: u16,
}

/// Whether a server ends with the process that starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Tied,
    Detached,
}

impl Server {
    /// The server that runs in this folder, if one does.
    ///
    /// It is known by its command line, which names the folder. So there is no file of a process id that could be
    /// stale, and no process that is not ours can be taken for it.
    pub(super) fn running(folder: &Folder) -> Option<Server> {
        let data = format!("--datadir={}", folder.data().display());
        fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let command_line = fs::read_to_string(entry.path().join("cmdline")).ok()?;
            let mut arguments = command_line.split('\0');
            let program = Path::new(arguments.next()?).file_name()?;
            let arguments: Vec<&str> = arguments.collect();
            if program != "mariadbd" || !arguments.contains(&data.as_str()) {
                return None;
            }
            let port = arguments.iter().find_map(|argument| argument.strip_prefix("--port="))?;
            Some(Server { pid, port: port.parse().ok()? })
        })
    }

    /// Starts a server that answers when this returns.
    pub(super) fn start(folder: &Folder, life: Life) -> Result<(Server, Child), DatabaseError> {
        let mariadbd = program("mariadbd")?;
        folder.prepare(&program("mariadb-install-db")?)?;
        let mut reason = String::new();
        for _ in 0..PORTS {
            let port = free_port().map_err(DatabaseError::Runtime)?;
            let mut command = command(&mariadbd, folder, port)?;
            let child = match life {
                Life::Tied => process::spawn_tied(&mut command, None, Signal::SIGTERM),
                Life::Detached => command.process_group(0).spawn(),
            };
            let mut child = child.map_err(DatabaseError::files(&mariadbd))?;
            match wait_until_it_answers(folder, &mut child, port)? {
                Ok(()) => {
                    let pid = child.id();
                    return Ok((Server { pid, port }, child));
                }
                Err(cause) => {
                    // Whatever made it slow or mute, it must not live on behind the harness's back.
                    process::stop(&mut child, STOP_TIMEOUT).map_err(DatabaseError::Runtime)?;
                    reason = cause;
                }
            }
            if !log(folder).contains("Bind on TCP/IP port") {
                break;
            }
        }
        Err(DatabaseError::Start { reason, log: folder.log(), folder: folder.path().to_owned() })
    }

    /// Ends a server that is not a child of this process.
    pub(super) fn stop(self, folder: &Folder) -> Result<(), DatabaseError> {
        for (signal, timeout) in
            [(Signal::SIGTERM, STOP_TIMEOUT), (Signal::SIGKILL, Duration::from_secs(5))]
        {
            if Server::running(folder) != Some(self) {
                return Ok(());
            }
            let pid = i32::try_from(self.pid).expect("a process id of Linux fits");
            // A failure means that it has just ended: the wait below tells.
            let _ = kill(Pid::from_raw(pid), signal);
            let ended = wait_until(Instant::now() + timeout, &Stop::never(), || {
                Ok::<_, ()>((Server::running(folder) != Some(self)).then_some(()))
            });
            if ended.is_ok() {
                return Ok(());
            }
        }
        Err(DatabaseError::Stop { pid: self.pid })
    }

    /// Where the server is, with the account's password.
    pub(super) fn url(self, folder: &Folder) -> Result<DatabaseUrl, DatabaseError> {
        url(folder, self.port)
    }
}

fn url(folder: &Folder, port: u16) -> Result<DatabaseUrl, DatabaseError> {
    let password = folder.password()?;
    Ok(DatabaseUrl::new(format!("mysql://{USER}:{password}@127.0.0.1:{port}/{SCHEMA}")))
}

fn command(mariadbd: &Path, folder: &Folder, port: u16) -> Result<Command, DatabaseError> {
    let log = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(folder.log())
        .map_err(DatabaseError::files(&folder.log()))?;
    let both = log.try_clone().map_err(DatabaseError::files(&folder.log()))?;
    let mut command = Command::new(mariadbd);
    command
        .arg(format!("--defaults-file={}", folder.config().display()))
        .arg(format!("--datadir={}", folder.data().display()))
        .arg(format!("--tmpdir={}", folder.temporary().display()))
        .arg(format!("--init-file={}", folder.init_sql().display()))
        .arg(format!("--port={port}"))
        // Relative to the data folder: the path of a socket is limited to 107 bytes, a checkout's is not.
        .args(["--socket=socket", "--pid-file=pid"])
        .args(folder.as_user()?)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(both);
    Ok(command)
}

/// The inner error says why it never will.
fn wait_until_it_answers(
    folder: &Folder,
    child: &mut Child,
    port: u16,
) -> Result<Result<(), String>, DatabaseError> {
    let url = url(folder, port)?;
    let mut last = String::new();
    let answered = wait_until(Instant::now() + START_TIMEOUT, &Stop::never(), || {
        if let Some(status) = child.try_wait().map_err(DatabaseError::Runtime)? {
            return Ok(Some(Err(format!("{status}: {}", cause(&log(folder))))));
        }
        // The password is random, so the server that accepts it is the one just started.
        match Session::connect(&url) {
            Ok(_) => return Ok(Some(Ok(()))),
            Err(error) => last = error.to_string(),
        }
        Ok(None)
    });
    match answered {
        Ok(answered) => Ok(answered),
        Err(WaitError::Failed(error)) => Err(error),
        Err(WaitError::TimedOut | WaitError::Interrupted) => {
            Ok(Err(format!("no answer in {START_TIMEOUT:?}; the last error: {last}")))
        }
    }
}

fn log(folder: &Folder) -> String {
    let bytes = fs::read(folder.log()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Debian keeps servers where a normal user's PATH does not lead.
fn program(name: &'static str) -> Result<PathBuf, DatabaseError> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin", "/usr/libexec"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .ok_or(DatabaseError::NotInstalled(name))
}
