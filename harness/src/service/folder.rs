//! The folder of a private service: its locks, its password, its files.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{Service, ServiceError};
use crate::os::stop::{Interrupted, Stop, WaitError, wait_until};

/// A folder under `.stackmark` of a checkout, readable by its owner alone.
#[derive(Clone, Debug)]
pub struct Folder {
    service: &'static str,
    path: PathBuf,
}

impl Folder {
    /// The folder of `service` in the checkout at `root`, made if it is missing.
    pub(super) fn create(root: &Path, service: &dyn Service) -> Result<Folder, ServiceError> {
        let service_name = service.name();
        let path = root.join(".stackmark").join(service.folder());
        let create = || -> io::Result<PathBuf> {
            DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
            // The server is recognised by the name of its folder, which must be the same each time.
            path.canonicalize()
        };
        let created = create().map_err(ServiceError::files(service_name, &path))?;
        Ok(Folder { service: service_name, path: created })
    }

    /// The folder of `service` in the checkout at `root`, if it is there.
    pub(super) fn existing(root: &Path, service: &dyn Service) -> Option<Folder> {
        let path = root.join(".stackmark").join(service.folder()).canonicalize().ok()?;
        Some(Folder { service: service.name(), path })
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of an entry of this folder.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The file that takes the server's output.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.join("log")
    }

    /// The file that holds the process id of a server that was started to stay.
    pub(super) fn detached(&self) -> PathBuf {
        self.join("detached")
    }

    /// Opens the log, emptied.
    pub(super) fn open_log(&self) -> Result<File, ServiceError> {
        let path = self.log();
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(true).mode(0o600);
        options.open(&path).map_err(self.failed(&path))
    }

    /// The content of the log.
    pub(super) fn read_log(&self) -> String {
        let bytes = fs::read(self.log()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until no other process makes, starts or stops the server, and keeps others from it until the lock is dropped.
    ///
    /// # Errors
    /// When the lock cannot be had, or the interruption.
    pub(super) fn lock_changes(&self, stop: &Stop) -> Result<File, ServiceError> {
        let lock = self.lock_file("change.lock")?;
        self.wait_for(&lock, stop)?;
        Ok(lock)
    }

    /// The lock that is held as long as a server lives that ends with its starter; absent if another process holds it.
    pub(super) fn try_lock_lease(&self) -> Result<Option<File>, ServiceError> {
        let lock = self.lock_file("lease.lock")?;
        Ok(self.try_lock(&lock)?.then_some(lock))
    }

    /// Waits until no server lives that ends with its starter.
    ///
    /// # Errors
    /// When the lock cannot be had, or the interruption.
    pub(super) fn wait_for_lease(&self, stop: &Stop) -> Result<(), ServiceError> {
        self.wait_for(&self.lock_file("lease.lock")?, stop)
    }

    fn wait_for(&self, lock: &File, stop: &Stop) -> Result<(), ServiceError> {
        let poll = || self.try_lock(lock).map(|locked| locked.then_some(()));
        let locked = wait_until(None, stop, poll);
        locked.map_err(|error| match error {
            WaitError::Failed(error) => error,
            WaitError::Interrupted | WaitError::TimedOut => Interrupted.into(),
        })
    }

    /// Locks the file, unless another process holds it. Returns whether it is locked now.
    fn try_lock(&self, lock: &File) -> Result<bool, ServiceError> {
        match lock.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(self.failed(&self.path)(error)),
        }
    }

    fn lock_file(&self, name: &str) -> Result<File, ServiceError> {
        let path = self.join(name);
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(false).mode(0o600);
        options.open(&path).map_err(self.failed(&path))
    }

    /// The service's password: 48 random hexadecimal digits, drawn once.
    ///
    /// # Errors
    /// When it can be neither read nor written.
    pub fn password(&self) -> Result<String, ServiceError> {
        let path = self.join("password");
        let read = || -> io::Result<String> {
            match fs::read_to_string(&path) {
                Ok(password) if password.len() == 48 => return Ok(password),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                // Not there, or cut short by a full disk.
                _ => {}
            }
            let mut random = [0; 24];
            File::open("/dev/urandom")?.read_exact(&mut random)?;
            let password: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            replace(&path, &password)?;
            Ok(password)
        };
        read().map_err(self.failed(&path))
    }

    /// Replaces a file as a whole. Only its owner can read it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<(), ServiceError> {
        let path = self.join(name);
        replace(&path, text).map_err(self.failed(&path))
    }

    /// Makes a folder in this one, if it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(&self, name: &str) -> Result<(), ServiceError> {
        let path = self.join(name);
        fs::create_dir_all(&path).map_err(self.failed(&path))
    }

    /// Has `fill` make a folder under another name and then renames it: under `name` it is complete, or not there.
    ///
    /// # Errors
    /// Those of `fill`, or when the folder cannot be renamed.
    pub fn make_whole(
        &self,
        name: &str,
        fill: impl FnOnce(&Path) -> Result<(), ServiceError>,
    ) -> Result<(), ServiceError> {
        let whole = self.join(name);
        if whole.is_dir() {
            return Ok(());
        }
        let half = self.join(&format!("{name}.half"));
        match fs::remove_dir_all(&half) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(self.failed(&half)(error));
            }
            _ => {}
        }
        fill(&half)?;
        fs::rename(&half, whole).map_err(self.failed(&half))
    }

    /// Whether the folder belongs to root, as which some servers refuse to run.
    ///
    /// # Errors
    /// When the folder cannot be examined.
    pub fn is_roots(&self) -> Result<bool, ServiceError> {
        let folder = fs::metadata(&self.path).map_err(self.failed(&self.path))?;
        Ok(folder.uid() == 0)
    }

    fn failed(&self, path: &Path) -> impl FnOnce(io::Error) -> ServiceError {
        ServiceError::files(self.service, path)
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn waiting_for_another_holder_of_a_lock_ends_when_the_user_stops() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::create(root.path(), crate::service::SERVICES[0]).unwrap();
        let change = folder.lock_changes(&Stop::never()).unwrap();
        let lease = folder.try_lock_lease().unwrap().expect("nothing else holds it");
        assert!(folder.try_lock_lease().unwrap().is_none());
        let stop = Stop::default();
        let set = stop.clone();
        let stopper = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            set.set()
        });
        let waited = folder.lock_changes(&stop);
        assert!(matches!(waited, Err(ServiceError::Interrupted(_))), "{waited:?}");
        let waited = folder.wait_for_lease(&stop);
        assert!(matches!(waited, Err(ServiceError::Interrupted(_))), "{waited:?}");
        stopper.join().unwrap();
        drop((change, lease));
        assert!(folder.lock_changes(&Stop::never()).is_ok());
        assert!(folder.wait_for_lease(&Stop::never()).is_ok());
    }
}
