use std::{
    env, io,
    net::{SocketAddr, TcpListener},
    process::ExitCode,
    sync::OnceLock,
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::runtime::{Builder, Runtime};

use crate::{HealthError, Settings, SettingsError, Shutdown, Store, health};

/// The versions this build was resolved to: what `--version` prints is what is linked.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// Connections the kernel queues while the server is busy (and `net.core.somaxconn` allows).
const BACKLOG: i32 = 1024;

/// What `--version` prints of this process, from the moment it serves.
static LINE: OnceLock<String> = OnceLock::new();

/// Who a server is, for `--version` and the line at its start.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// The server's name, as in the registry.
    pub name: &'static str,
    /// The server's own version.
    pub version: &'static str,
    /// The packages it is there to show, framework first, then layer.
    pub packages: &'static [&'static str],
}

impl Identity {
    /// `axum-diesel 0.1.0 (axum 0.8.9, diesel 2.3.14)`.
    fn line(&self) -> String {
        let packages: Vec<_> =
            self.packages.iter().map(|name| format!("{name} {}", locked_version(name))).collect();
        format!("{} {} ({})", self.name, self.version, packages.join(", "))
    }
}

/// The version that Cargo.lock holds of a package.
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
    /// The address cannot be had.
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
    /// Another process, asked with `--health`, is not healthy.
    #[error(transparent)]
    Health(#[from] HealthError),
    /// The server broke while it served.
    #[error("the server failed: {0}")]
    Serve(#[from] io::Error),
}

/// The line that `--version` prints of the server that this process is; `None` before [`launch`].
pub(crate) fn version_line() -> Option<&'static str> {
    LINE.get().map(String::as_str)
}

/// A whole server's `main`: a framework's `run` over the layer `S`.
pub fn main<S: Store>(
    identity: Identity,
    run: impl FnOnce(TcpListener, S, &Settings, Shutdown) -> io::Result<()>,
) -> ExitCode {
    launch(identity, |settings| {
        let store = S::open(settings)?;
        Ok(move |listener, settings: &Settings, shutdown| run(listener, store, settings, shutdown))
    })
}

/// The part of [`main`] that does not know of stores. `prepare` reads the settings before the address is taken and
/// returns what then serves, until the [`Shutdown`].
///
/// Exits with 0 after SIGTERM, 2 if arguments, settings or the address are wrong, 1 if serving failed. With `--health` it
/// asks the server at `BIND` instead, and exits with 0 if that is healthy, else 1.
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
            return Ok(health::ask(Settings::from_env()?.bind)?);
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

/// A non-blocking listener, the same for all frameworks.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    // Linux hands the listener's option on to every accepted connection, which no framework then has to be told.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A multi-threaded tokio runtime with `WORKERS` threads.
pub fn runtime(settings: &Settings) -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(settings.workers).enable_all().build()
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
