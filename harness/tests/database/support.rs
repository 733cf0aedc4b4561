//! Private databases in temporary checkouts, and access to them.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use demo_data::loader::mysql::{self, Connection};
use demo_data::loader::{LoadError, Progress, SeedReport, State, Table};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stackmark::database::Database;
use stackmark::os::stop::Stop;
use stackmark::service::{self, Lease, ServiceError};
use tempfile::TempDir;

/// A table small enough for a test, and large enough for several chunks and transactions.
pub(crate) const SMALL: Table = Table { seed: 11, rows: 60_000 };

/// Creates a folder that `stackmark` accepts as its checkout.
pub(crate) fn checkout() -> TempDir {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    fs::create_dir(folder.path().join("servers")).expect("the folder is new");
    fs::write(folder.path().join("servers/servers.toml"), "").expect("the folder is writable");
    folder
}

/// The command of the harness in a checkout, without a database in its environment.
pub(crate) fn stackmark(checkout: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackmark"));
    command.current_dir(checkout).env_remove("DATABASE_URL").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn output(command: &mut Command) -> Output {
    command.output().expect("the binary was built with this test")
}

/// The output of a command, both streams together.
pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat())
        .into_owned()
}

/// The process that `stackmark db status` names.
pub(crate) fn private_pid(checkout: &Path) -> Option<i32> {
    let output = output(stackmark(checkout).args(["db", "status", "mariadb", "--format", "json"]));
    assert!(output.status.success(), "{}", text(&output));
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    status[0]["process"].as_str().expect("it is a text").parse().ok()
}

/// Sends a signal to a process that a test started.
pub(crate) fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).expect("the process lives");
}

/// Waits until `holds` returns true, and fails the test after two minutes.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs a future to its end.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a test has file descriptors to spare")
        .block_on(future)
}

/// A lease on the private MariaDB of a checkout.
pub(crate) fn private(checkout: &Path) -> Result<Lease, ServiceError> {
    let mariadb = service::of_family("mysql").expect("there is such a service");
    Lease::private(checkout, mariadb, &Stop::never())
}

/// The database of a lease.
pub(crate) fn database(lease: &Lease) -> &Database {
    lease.database().expect("the service is a database")
}

/// Progress that is not shown.
pub(crate) fn silent() -> Progress {
    Arc::new(|_| ())
}

/// Seeds the small table.
pub(crate) fn ensure(url: &str) -> Result<SeedReport, LoadError> {
    block_on(mysql::ensure(url, SMALL, &silent()))
}

/// The state of the small table.
pub(crate) fn state(url: &str) -> State {
    block_on(async {
        let mut connection = Connection::open(url).await.expect("the database is up");
        let expected = demo_data::Checksum::expected(SMALL.seed, SMALL.rows);
        connection.state(expected).await.expect("it answers")
    })
}

/// Runs one statement.
pub(crate) fn execute(url: &str, statement: &str) {
    block_on(async {
        let mut connection = Connection::open(url).await.expect("the database is up");
        let rows = connection.rows::<Option<String>>(statement).await;
        rows.unwrap_or_else(|error| panic!("{statement}: {error}"));
    });
}

/// A MariaDB that the harness did not start, for DATABASE_URL to name.
pub(crate) struct Foreign {
    child: Child,
    _folder: TempDir,
    /// The URL of an account that may do anything in the schema, and in the missing schema `fresh`.
    pub(crate) url: String,
    pub(crate) port: u16,
}

impl Foreign {
    /// Starts the server with additional options.
    pub(crate) fn start(options: &[&str]) -> Foreign {
        let folder = checkout();
        let lease = self::private(folder.path()).expect("MariaDB is installed");
        let url = lease.url().expose().to_owned();
        lease.stop().expect("it ends");

        let db = folder.path().join(".stackmark/db");
        let init = fs::read_to_string(db.join("init.sql")).expect("the harness wrote it");
        let grant = "GRANT ALL ON fresh.* TO stackmark@127.0.0.1;\n";
        fs::write(db.join("foreign.sql"), init + grant).expect("the folder is writable");
        let port = free_port();
        let owner = fs::metadata(&db).expect("it was just made").uid();
        let child = Command::new(mariadbd())
            .arg(format!("--defaults-file={}", db.join("mariadb.cnf").display()))
            .arg(format!("--datadir={}", db.join("data").display()))
            .arg(format!("--tmpdir={}", db.join("tmp").display()))
            .arg(format!("--init-file={}", db.join("foreign.sql").display()))
            .args([&format!("--port={port}"), "--socket=socket"])
            .args((owner == 0).then_some("--user=root"))
            .args(options)
            .stderr(Stdio::null())
            .spawn()
            .expect("MariaDB is installed");
        let (start, schema) = url.rsplit_once('/').expect("a URL has a path");
        let (login, _) = start.rsplit_once(':').expect("this one has a port");
        let url = format!("{login}:{port}/{schema}");
        until("MariaDB starts", || block_on(Connection::open(&url)).is_ok());
        Foreign { child, _folder: folder, url, port }
    }

    /// The URL with another schema.
    pub(crate) fn schema(&self, schema: &str) -> String {
        let (start, _) = self.url.rsplit_once('/').expect("a URL has a path");
        format!("{start}/{schema}")
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // The server's folder is deleted next, so there is nothing to save.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn mariadbd() -> PathBuf {
    ["/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd"]
        .map(PathBuf::from)
        .into_iter()
        .find(|program| program.is_file())
        .unwrap_or_else(|| "mariadbd".into())
}

/// A port on which nothing listens.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
    listener.local_addr().expect("it is bound").port()
}
