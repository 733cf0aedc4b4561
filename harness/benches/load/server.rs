//! The servers under load, on CPU 0.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use stackmark::os::placement::Cpus;
use stackmark::os::process;

/// A server that is stopped when this is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = process::stop(&mut self.child, Duration::from_secs(2));
    }
}

/// Starts the registry's ceiling: HTTP without a database.
pub(crate) fn null() -> Server {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| format!("{root}/target"));
    start(&mut Command::new(format!("{target}/release/null")))
}

/// Starts this program as a server that waits before it answers.
pub(crate) fn delaying(delays_us: &[u64]) -> Server {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let address = free();
    command
        .args(["--delay-server", &address.to_string()])
        .args(delays_us.iter().map(u64::to_string));
    start_at(&mut command, address)
}

fn start(command: &mut Command) -> Server {
    start_at(command, free())
}

fn start_at(command: &mut Command, address: SocketAddr) -> Server {
    command
        .env("BIND", address.to_string())
        .env("DATABASE_URL", "mysql://nobody:nothing@127.0.0.1:1/none")
        .env("POOL_SIZE", "1")
        .env("WORKERS", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = process::spawn_tied(command, Some(&cpu(0)), Signal::SIGKILL)
        .expect("the servers are built: run `make bench-load`");
    let server = Server { address, child };
    let deadline = Instant::now() + Duration::from_secs(5);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "the server does not listen");
        thread::sleep(Duration::from_millis(5));
    }
    server
}

fn free() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// The set of one CPU.
pub(crate) fn cpu(number: usize) -> Cpus {
    [number].into_iter().collect()
}

/// The CPU of the load generators: the second one, where there is one.
pub(crate) fn load_cpu() -> Cpus {
    cpu(stackmark::os::placement::Placement::usable().unwrap().iter().nth(1).unwrap_or(0))
}
