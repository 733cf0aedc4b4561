use std::{
    env, io,
    net::{SocketAddr, TcpListener},
    process::ExitCode,
    sync::OnceLock,
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::runtime::Builder;

use crate::{HealthCheckError, Settings, SettingsError, Shutdown, health_check, store::Store};

/// The versions that this build was resolved to: `--version` prints what is linked.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// Connections the kernel queues while the server is busy (and `net.core.somaxconn` allows).
const BACKLOG: i32 = 1024;

/// The line that `--version` prints of this process, set before it serves.
static LINE: OnceLock<String> = OnceLock::new();

/// A server's name and versions, for `--version` and the line of log at its start; [`identity!`](crate::identity) makes one.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// The server's name, as in the registry.
    pub name: &'static str,
    /// The server's own version.
    pub version: &'static str,
    /// The packages that the server is there to show, framework first, then layer.
    pub packages: &'static [&'static str],
}

/// The [`Identity`] of the server whose crate this is written in: `contract::identity!["axum", "diesel"]`.
#[macro_export]
macro_rules! identity {
    [$($package:literal),+] => {
        $crate::Identity {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            packages: &[$($package),+],
        }
    };
}

impl Identity {
    /// `axum-diesel 0.1.0 (axum 0.8.9, diesel 2.3.14)`.
    fn line(&self) -> String {
        let packages: Vec<_> =
            self.packages.iter().map(|name| format!("{name} {}", locked_version(name))).collect();
        format!("{} {} ({})", self.name, self.version, packages.join(", "))
    }
}

/// A package's version in Cargo.lock.
fn locked_version(name: &str) -> &'static str {
    LOCK.split("[[package]]")
        .find_map(|entry| {
            entry
                .trim_start()
                .strip_prefix(&format!("name = \"{name}\"\nversion = \""))?
                .split('"')
                .next()
        })
        .unwrap_or_else(|| panic!("{name} is not a package of Cargo.lock"))
}

/// Why a server did not serve.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// An argument that no server knows.
    #[error(
        "unknown argument {0:?}; a server takes --version or --health, or nothing and its settings from the environment"
    )]
    Argument(String),
    /// A setting is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; set BIND to a free address of this machine")]
    Listen {
        /// The address of `BIND`.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// Signals cannot be caught.
    #[error("cannot catch signals: {0}; start the server anew")]
    Signals(#[from] ctrlc::Error),
    /// The server that `--health` asks is not healthy.
    #[error(transparent)]
    Health(#[from] HealthCheckError),
    /// Serving failed.
    #[error("the server failed: {0}")]
    Serve(#[from] io::Error),
}

/// The line that `--version` prints of this process; `None` before [`launch`].
pub(crate) fn version_line() -> Option<&'static str> {
    LINE.get().map(String::as_str)
}

/// Is the whole `main` of a server: opens the store `S` of a layer and hands it to a framework's `run`.
pub fn main<S: Store>(
    identity: Identity,
    run: impl FnOnce(TcpListener, S, &Settings, Shutdown) -> io::Result<()>,
) -> ExitCode {
    launch(identity, |settings| {
        let store = S::open(settings)?;
        Ok(move |listener, settings: &Settings, shutdown| run(listener, store, settings, shutdown))
    })
}

/// Is the `main` of a server without a store. `prepare` reads the settings before the address is taken and returns the
/// function that then serves until the [`Shutdown`].
///
/// The exit status is 0 after SIGTERM, 2 if arguments, settings or the address are wrong, and 1 if serving failed. With
/// `--health` the process asks the server at `BIND` instead: the status is 0 if that is healthy, else 1.
pub fn launch<R>(
    identity: Identity,
    prepare: impl FnOnce(&Settings) -> Result<R, SettingsError>,
) -> ExitCode
where
    R: FnOnce(TcpListener, &Settings, Shutdown) -> io::Result<()>,
{
    match try_launch(identity, prepare) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", identity.name);
            let failed = matches!(error, LaunchError::Serve(_) | LaunchError::Health(_));
            ExitCode::from(if failed { 1 } else { 2 })
        }
    }
}

fn try_launch<R>(
    identity: Identity,
    prepare: impl FnOnce(&Settings) -> Result<R, SettingsError>,
) -> Result<(), LaunchError>
where
    R: FnOnce(TcpListener, &Settings, Shutdown) -> io::Result<()>,
{
    match env::args_os().nth(1) {
        Some(argument) if argument == "--version" => {
            println!("{}", identity.line());
            return Ok(());
        }
        Some(argument) if argument == "--health" => {
            return Ok(health_check::ask(Settings::from_env()?.bind)?);
        }
        Some(argument) => {
            return Err(LaunchError::Argument(argument.to_string_lossy().into_owned()));
        }
        None => {}
    }
    let line = LINE.get_or_init(|| identity.line());
    let shutdown = Shutdown::on_signal()?;
    let settings = Settings::from_env()?;
    let serve = prepare(&settings)?;
    let listener = listen(settings.bind)
        .map_err(|source| LaunchError::Listen { address: settings.bind, source })?;
    eprintln!(
        "{line} listens on {}; connections: {}, workers: {}",
        listener.local_addr()?,
        settings.pool_size,
        settings.workers
    );
    Ok(serve(listener, &settings, shutdown)?)
}

/// Opens a non-blocking listener, the same for all frameworks.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    // Linux passes the listener's option on to every accepted connection, so no framework has to set it.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Runs `serving` to its end on a multi-threaded tokio runtime with `WORKERS` threads.
///
/// Threads that a layer has left behind, waiting for a silent database, are not waited for: no client is.
pub fn block_on(
    settings: &Settings,
    serving: impl Future<Output = io::Result<()>>,
) -> io::Result<()> {
    let runtime =
        Builder::new_multi_thread().worker_threads(settings.workers).enable_all().build()?;
    let served = runtime.block_on(serving);
    runtime.shutdown_background();
    served
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn accepted_connections_inherit_nodelay() {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        listener.set_nonblocking(false).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert!(listener.accept().unwrap().0.nodelay().unwrap());
    }

    #[test]
    fn a_taken_address_is_refused() {
        let first = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        assert_eq!(
            listen(first.local_addr().unwrap()).unwrap_err().kind(),
            io::ErrorKind::AddrInUse
        );
    }

    #[test]
    fn the_version_line_names_what_is_locked() {
        let identity = Identity { name: "some", version: "1.2.3", packages: &["tokio", "chrono"] };
        let line = identity.line();
        assert!(line.starts_with("some 1.2.3 (tokio 1."), "{line}");
        assert!(line.contains(", chrono 0.4."), "{line}");
    }
}
