//! The private database's folder: what is in it, and how it is made.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::DatabaseError;

/// The one schema of the private database.
pub(super) const SCHEMA: &str = "stackmark";
/// The one account that can log in over TCP.
pub(super) const USER: &str = "stackmark";

const CONFIG: &str = include_str!("../../../db/config/mariadb.cnf");

/// `.stackmark/db` of a checkout: readable by its owner alone.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder if it is missing.
    pub(super) fn make(root: &Path) -> Result<Folder, DatabaseError> {
        let path = root.join(".stackmark/db");
        let files = || -> io::Result<PathBuf> {
            DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
            // The server is told apart from others by the name of its folder, which must be the same each time.
            path.canonicalize()
        };
        Ok(Folder { path: files().map_err(DatabaseError::files(&path))? })
    }

    /// The folder, if it is there.
    pub(super) fn existing(root: &Path) -> Option<Folder> {
        let path = root.join(".stackmark/db").canonicalize().ok()?;
        Some(Folder { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// A server that starts removes what looks like left-over tables from its folder of temporary files: in a shared
    /// one it would take those of other servers.
    pub(super) fn temporary(&self) -> PathBuf {
        self.path.join("tmp")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// SQL that the server runs before it listens: it makes the account, so a lost or changed password mends itself.
    pub(super) fn init_sql(&self) -> PathBuf {
        self.path.join("init.sql")
    }

    pub(super) fn config(&self) -> PathBuf {
        self.path.join("mariadb.cnf")
    }

    /// Says which server was brought up to stay.
    pub(super) fn detached(&self) -> PathBuf {
        self.path.join("detached")
    }

    /// Locked, by whoever does it, while the server is made, started or stopped from outside.
    pub(super) fn change_lock(&self) -> Result<File, DatabaseError> {
        self.lock_file("change.lock")
    }

    /// Locked as long as its holder has a server that ends with it.
    pub(super) fn lease_lock(&self) -> Result<File, DatabaseError> {
        self.lock_file("lease.lock")
    }

    fn lock_file(&self, name: &str) -> Result<File, DatabaseError> {
        let path = self.path.join(name);
        OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(DatabaseError::files(&path))
    }

    /// The account's password: random, made once.
    pub(super) fn password(&self) -> Result<String, DatabaseError> {
        let path = self.path.join("password");
        let files = || -> io::Result<String> {
            match fs::read_to_string(&path) {
                Ok(password) if password.len() == 48 => return Ok(password),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                // Not there, or cut short by a full disk.
                _ => {}
            }
            let mut random = [0; 24];
            File::open("/dev/urandom")?.read_exact(&mut random)?;
            let password: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            write_secret(&path, &password)?;
            Ok(password)
        };
        files().map_err(DatabaseError::files(&path))
    }

    /// Brings everything that the server reads at its start up to date.
    pub(super) fn prepare(&self, installer: &Path) -> Result<(), DatabaseError> {
        let password = self.password()?;
        let init = format!(
            "CREATE DATABASE IF NOT EXISTS {SCHEMA};\n\
             CREATE OR REPLACE USER {USER}@127.0.0.1 IDENTIFIED BY '{password}';\n\
             GRANT ALL ON {SCHEMA}.* TO {USER}@127.0.0.1;\n"
        );
        for (path, text) in [(self.config(), CONFIG), (self.init_sql(), &init)] {
            write_secret(&path, text).map_err(DatabaseError::files(&path))?;
        }
        let temporary = self.temporary();
        fs::create_dir_all(&temporary).map_err(DatabaseError::files(&temporary))?;
        if !self.data().is_dir() {
            self.initialise(installer)?;
        }
        Ok(())
    }

    /// Makes the data folder under another name first: under its own it is whole or not there.
    fn initialise(&self, installer: &Path) -> Result<(), DatabaseError> {
        let half = self.path.join("data.half");
        match fs::remove_dir_all(&half) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(DatabaseError::files(&half)(error));
            }
            _ => {}
        }
        let output = Command::new(installer)
            .arg(format!("--defaults-file={}", self.config().display()))
            .arg(format!("--datadir={}", half.display()))
            .arg(format!("--tmpdir={}", self.temporary().display()))
            .args(["--skip-test-db", "--skip-name-resolve"])
            // root can log in only as the system's root, through the socket inside this folder.
            .arg("--auth-root-authentication-method=socket")
            .args(self.as_user()?)
            .stdin(Stdio::null())
            .output()
            .map_err(DatabaseError::files(installer))?;
        if !output.status.success() {
            let text = [output.stdout, output.stderr].concat();
            return Err(DatabaseError::Initialise {
                reason: cause(&String::from_utf8_lossy(&text)),
            });
        }
        fs::rename(&half, self.data()).map_err(DatabaseError::files(&half))
    }

    /// The server refuses to run as root unless it is told so.
    pub(super) fn as_user(&self) -> Result<Option<&'static str>, DatabaseError> {
        let owner = fs::metadata(&self.path).map_err(DatabaseError::files(&self.path))?.uid();
        Ok((owner == 0).then_some("--user=root"))
    }
}

/// The line of a server's or the installer's output that says what stopped it: its first error, from which later
/// ones follow, or else its last words.
pub(super) fn cause(output: &str) -> String {
    let mut lines = output.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines.clone().find(|line| line.contains("[ERROR]"));
    error.or_else(|| lines.next_back()).unwrap_or("it said nothing").to_owned()
}

/// Replaces a file whole, readable by its owner alone.
fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&new)?
        .write_all(text.as_bytes())?;
    fs::rename(new, path)
}
