//! MariaDB: a private server with one schema, and one account that can log in over TCP.

use std::path::Path;
use std::process::{Command, Stdio};

use super::program::program;
use super::{Folder, Launch, Service, ServiceError};
use crate::database::{self, Family};
use crate::os::url::SecretUrl;

const CONFIG: &str = include_str!("../../../db/config/mariadb.cnf");
const SCHEMA: &str = "stackmark";
const USER: &str = "stackmark";

/// The service MariaDB.
#[derive(Debug)]
pub(super) struct Mariadb;

impl Service for Mariadb {
    fn name(&self) -> &'static str {
        "mariadb"
    }

    fn variable(&self) -> &'static str {
        "DATABASE_URL"
    }

    fn url_form(&self) -> &'static str {
        "mysql://USER:PASSWORD@HOST:PORT/SCHEMA"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mysql"]
    }

    /// Older checkouts have it under this name, perhaps with a server that runs.
    fn folder(&self) -> &'static str {
        "db"
    }

    fn family(&self) -> Option<&'static dyn Family> {
        database::family("mysql")
    }

    /// The server runs `init.sql` before it listens: it makes the account, so a lost or changed password repairs itself.
    fn prepare(&self, folder: &Folder) -> Result<(), ServiceError> {
        let installer = program(self, "mariadb-install-db")?;
        folder.write("mariadb.cnf", CONFIG)?;
        folder.write(
            "init.sql",
            &format!(
                "CREATE DATABASE IF NOT EXISTS {SCHEMA};\n\
                 CREATE OR REPLACE USER {USER}@127.0.0.1 IDENTIFIED BY '{}';\n\
                 GRANT ALL ON {SCHEMA}.* TO {USER}@127.0.0.1;\n",
                folder.password()?
            ),
        )?;
        folder.make("tmp")?;
        folder.make_whole("data", |half| {
            let mut command = Command::new(&installer);
            command
                .args(shared_arguments(folder, half))
                .args(["--skip-test-db", "--skip-name-resolve"])
                // root can log in only as the system's root, through the socket inside this folder.
                .arg("--auth-root-authentication-method=socket")
                .args(as_user(folder)?);
            let output = command.stdin(Stdio::null()).output();
            let output = output.map_err(ServiceError::files(self.name(), &installer))?;
            if output.status.success() {
                return Ok(());
            }
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text);
            let reason = self.cause(&text).unwrap_or("it printed nothing").to_owned();
            Err(ServiceError::Initialise { service: self.name(), reason })
        })
    }

    fn launch(&self, folder: &Folder, port: u16) -> Result<Launch, ServiceError> {
        let mut command = Command::new(program(self, "mariadbd")?);
        command
            .args(shared_arguments(folder, &folder.join("data")))
            .arg(format!("--init-file={}", folder.join("init.sql").display()))
            .arg(format!("--port={port}"))
            // Relative to the data folder: the path of a socket is limited to 107 bytes, a checkout's is not.
            .args(["--socket=socket", "--pid-file=pid"])
            .args(as_user(folder)?)
            .stdin(Stdio::null());
        Ok(command.into())
    }

    fn port(&self, folder: &Folder, command_line: &[&str]) -> Option<u16> {
        let (program, arguments) = command_line.split_first()?;
        let data = format!("--datadir={}", folder.join("data").display());
        let ours = Path::new(program).file_name()? == "mariadbd";
        if !ours || !arguments.contains(&data.as_str()) {
            return None;
        }
        arguments.iter().find_map(|argument| argument.strip_prefix("--port="))?.parse().ok()
    }

    fn url(&self, folder: &Folder, port: u16) -> Result<SecretUrl, ServiceError> {
        let password = folder.password()?;
        let url = format!("mysql://{USER}:{password}@127.0.0.1:{port}/{SCHEMA}");
        Ok(url.parse().expect("the password is of digits and letters"))
    }

    fn answers(&self, url: &SecretUrl) -> Result<(), String> {
        let family = self.family().ok_or("its family is not known")?;
        family.connect(url).map(drop).map_err(|error| error.to_string())
    }

    /// The first error, since later ones follow from it, or else the last line.
    fn cause<'a>(&self, output: &'a str) -> Option<&'a str> {
        let mut lines = output.lines().map(str::trim).filter(|line| !line.is_empty());
        let error = lines.clone().find(|line| line.contains("[ERROR]"));
        error.or_else(|| lines.next_back())
    }

    fn lost_its_port(&self, output: &str) -> bool {
        output.contains("Bind on TCP/IP port")
    }
}

/// The arguments of the server and of its installer. The folder of temporary files is the server's own, because it
/// removes what looks like left-over tables there when it starts.
fn shared_arguments(folder: &Folder, data: &Path) -> [String; 3] {
    [
        format!("--defaults-file={}", folder.join("mariadb.cnf").display()),
        format!("--datadir={}", data.display()),
        format!("--tmpdir={}", folder.join("tmp").display()),
    ]
}

/// The server refuses to run as root unless an argument says so.
fn as_user(folder: &Folder) -> Result<Option<&'static str>, ServiceError> {
    Ok(folder.is_roots()?.then_some("--user=root"))
}
