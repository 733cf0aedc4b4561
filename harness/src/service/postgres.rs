//! PostgreSQL: a private server with one database, and one role that can log in over TCP.
//!
//! Its programs refuse to run as root. Where the checkout is root's, they run as another user, who may not even enter the
//! checkout: the data folder is theirs, and they are given it as an open file.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::Signal;
use nix::unistd::{User, geteuid};

use super::program::program_in;
use super::{Folder, Launch, Service, ServiceError};
use crate::database::{self, Family};
use crate::os::url::SecretUrl;

const CONFIG: &str = include_str!("../../../db/config/postgresql.conf");
const DATABASE: &str = "stackmark";
const ROLE: &str = "stackmark";

/// Logins: only this role, only from this machine, only with its password.
const LOGINS: &str = "host all stackmark 127.0.0.1/32 scram-sha-256\n";

/// A setting that the server ignores; it names the folder on the server's command line.
const FOLDER_SETTING: &str = "stackmark.folder=";

/// The users that the programs run as where the checkout is root's: the first that there is.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// The service PostgreSQL.
#[derive(Debug)]
pub(super) struct Postgres;

impl Service for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn variable(&self) -> &'static str {
        "DATABASE_URL"
    }

    fn url_form(&self) -> &'static str {
        "postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["postgres", "postgresql"]
    }

    fn family(&self) -> Option<&'static dyn Family> {
        database::family("postgres")
    }

    /// The signal of a fast shutdown: at SIGTERM the server waits until every client has gone.
    fn stop_signal(&self) -> Signal {
        Signal::SIGINT
    }

    /// The role's password is set again each time, so a lost or changed one repairs itself.
    fn prepare(&self, folder: &Folder) -> Result<(), ServiceError> {
        folder.make_whole("data", |half| {
            make_data(half).map_err(ServiceError::files(self.name(), half))?;
            let mut initdb = self.program("initdb", &[], half)?;
            initdb.command.args(["--username=postgres", "--locale=C", "--encoding=UTF8"]);
            initdb.command.args(["--auth-local=peer", "--auth-host=scram-sha-256"]);
            initdb.command.args(["--no-sync", "--no-instructions"]);
            self.run(initdb, "")?;
            configure(half).map_err(ServiceError::files(self.name(), half))?;
            let create =
                format!("CREATE ROLE {ROLE} LOGIN\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n");
            self.run_statements(half, "postgres", &create)?;
            self.run_statements(half, DATABASE, "CREATE EXTENSION pg_stat_statements\n")
        })?;
        let data = folder.join("data");
        configure(&data).map_err(ServiceError::files(self.name(), &data))?;
        let password = format!("ALTER ROLE {ROLE} PASSWORD '{}'\n", folder.password()?);
        self.run_statements(&data, "postgres", &password)
    }

    fn launch(&self, folder: &Folder, port: u16) -> Result<Launch, ServiceError> {
        let mut server = self.program("postgres", &[], &folder.join("data"))?;
        let named = format!("{FOLDER_SETTING}{}", folder.path().display());
        server
            .command
            .args(["-c", &named, "-c", "listen_addresses=127.0.0.1"])
            // Relative to the data folder: the path of a socket is limited to 107 bytes, a checkout's is not.
            .args(["-c", "unix_socket_directories=.", "-p", &port.to_string()])
            .stdin(Stdio::null());
        Ok(server)
    }

    fn port(&self, folder: &Folder, command_line: &[&str]) -> Option<u16> {
        let (program, arguments) = command_line.split_first()?;
        let named = format!("{FOLDER_SETTING}{}", folder.path().display());
        let ours = Path::new(program).file_name()? == "postgres";
        if !ours || !arguments.contains(&named.as_str()) {
            return None;
        }
        let at = arguments.iter().position(|argument| *argument == "-p")?;
        arguments.get(at + 1)?.parse().ok()
    }

    fn url(&self, folder: &Folder, port: u16) -> Result<SecretUrl, ServiceError> {
        let password = folder.password()?;
        let url = format!("postgres://{ROLE}:{password}@127.0.0.1:{port}/{DATABASE}");
        Ok(url.parse().expect("the password is of digits and letters"))
    }

    fn answers(&self, url: &SecretUrl) -> Result<(), String> {
        let family = self.family().ok_or("its family is not known")?;
        family.connect(url).map(drop).map_err(|error| error.to_string())
    }

    /// The first error, since later ones follow from it, or else the last line.
    fn cause<'a>(&self, output: &'a str) -> Option<&'a str> {
        let mut lines = output.lines().map(str::trim).filter(|line| !line.is_empty());
        let is_error =
            |line: &&str| ["FATAL:", "ERROR:", "error:"].iter().any(|word| line.contains(word));
        let error = lines.clone().find(is_error);
        error.or_else(|| lines.next_back())
    }

    fn lost_its_port(&self, output: &str) -> bool {
        output.contains("could not bind")
    }
}

impl Postgres {
    /// A program of the newest version that is installed, for the data folder `data`; `first` are the arguments that
    /// must come before any other.
    fn program(
        &self,
        name: &'static str,
        first: &[&str],
        data: &Path,
    ) -> Result<Launch, ServiceError> {
        let path = program_in(self, name, &folders())?;
        let open = || -> io::Result<File> {
            let data = File::open(data)?;
            // The program must inherit it.
            fcntl(&data, FcntlArg::F_SETFD(FdFlag::empty()))?;
            Ok(data)
        };
        let data = open().map_err(ServiceError::files(self.name(), data))?;
        let mut command = Command::new(path);
        command
            .args(first)
            .args(["-D", &format!("/proc/self/fd/{}", data.as_raw_fd())])
            // The programs fail where they may not be in the folder that they are started in.
            .current_dir("/");
        if let Some((user, group)) = other_user() {
            command.uid(user).gid(group);
        }
        Ok(Launch { command, inherited: Some(data) })
    }

    /// Has a server that nobody can connect to carry out `statements`, one a line. One may hold the password, so none is
    /// logged.
    fn run_statements(
        &self,
        data: &Path,
        database: &str,
        statements: &str,
    ) -> Result<(), ServiceError> {
        let mut server = self.program("postgres", &["--single"], data)?;
        server.command.args(["-c", "exit_on_error=true", "-c", "log_min_error_statement=panic"]);
        server.command.arg(database);
        self.run(server, statements)
    }

    /// Runs a program to its end, with `input` on its standard input.
    fn run(&self, mut launch: Launch, input: &str) -> Result<(), ServiceError> {
        let command = &mut launch.command;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = PathBuf::from(command.get_program());
        let mut run = || {
            let mut child = command.spawn()?;
            if let Some(mut stdin) = child.stdin.take() {
                // A failure means that the program has ended, whose output says why.
                let _ = stdin.write_all(input.as_bytes());
            }
            child.wait_with_output()
        };
        let output = run().map_err(ServiceError::files(self.name(), &program))?;
        if output.status.success() {
            return Ok(());
        }
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let reason = self.cause(&text).unwrap_or("it printed nothing").to_owned();
        Err(ServiceError::Initialise { service: self.name(), reason })
    }
}

/// The folders that distributions put the programs of each version in, the newest version first.
fn folders() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for (parent, prefix) in [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")] {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        found.extend(entries.filter_map(|entry| {
            let version = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        }));
    }
    found.sort_unstable_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// The user and the group that the programs run as, if not as the user of this process.
fn other_user() -> Option<(u32, u32)> {
    if !geteuid().is_root() {
        return None;
    }
    let user = USERS.iter().find_map(|name| User::from_name(name).ok().flatten())?;
    Some((user.uid.as_raw(), user.gid.as_raw()))
}

/// Makes an empty data folder that belongs to the user of the programs.
fn make_data(data: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(data)?;
    give(data)
}

/// Writes the files of settings into a data folder.
fn configure(data: &Path) -> io::Result<()> {
    for (name, text) in [("postgresql.conf", CONFIG), ("pg_hba.conf", LOGINS)] {
        let path = data.join(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        give(&path)?;
    }
    Ok(())
}

/// Makes a file belong to the user of the programs.
fn give(path: &Path) -> io::Result<()> {
    match other_user() {
        Some((user, group)) => chown(path, Some(user), Some(group)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_by_the_folder_on_its_command_line() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::create(root.path(), &Postgres).unwrap();
        let named = format!("stackmark.folder={}", folder.path().display());
        let line = ["/usr/lib/postgresql/15/bin/postgres", "-c", &named, "-p", "5433", ""];
        assert_eq!(Postgres.port(&folder, &line), Some(5433));
        let other =
            ["/usr/lib/postgresql/15/bin/postgres", "-c", "stackmark.folder=/x", "-p", "5433"];
        assert_eq!(Postgres.port(&folder, &other), None);
        assert_eq!(Postgres.port(&folder, &["psql", "-c", &named, "-p", "5433"]), None);
    }

    #[test]
    fn the_first_error_is_the_cause() {
        let output = "LOG:  starting\nFATAL:  lock file exists\nLOG:  shut down\n";
        assert_eq!(Postgres.cause(output), Some("FATAL:  lock file exists"));
        assert_eq!(Postgres.cause("LOG:  starting\n\n"), Some("LOG:  starting"));
    }
}
