//! The lock that allows one run at a time: two runs would measure each other.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{self, Path};

use nix::fcntl::OFlag;

/// The lock of a run. It covers all runs of this user, in every checkout, and the kernel releases it when the process
/// ends, for whatever reason.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// The reason why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run holds the lock; the text names it.
    #[error(
        "{0} is running on this machine; two at once would measure each other: wait for it, or stop it"
    )]
    Taken(String),
    /// The lock's file cannot be used.
    #[error(
        "cannot lock {path} ({cause}): remove it, make room there, or set TMPDIR to a folder of your own"
    )]
    Io {
        /// The lock's file.
        path: String,
        /// The system's reason.
        cause: io::Error,
    },
}

impl RunLock {
    /// Takes the lock, and writes into its file which run holds it: `what`, its folder.
    ///
    /// # Errors
    /// When another run holds the lock, or its file cannot be used.
    pub fn take(what: &Path) -> Result<RunLock, LockError> {
        let folder = std::env::temp_dir();
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |cause| LockError::Io { path, cause }
        };
        let user = fs::metadata("/proc/self").map_err(failed(Path::new("/proc/self")))?.uid();
        let path = folder.join(format!("stackmark-run-{user}.lock"));
        let mut file = open(&path, user).map_err(failed(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(failed(&path)(error)),
            Err(TryLockError::WouldBlock) => {
                let mut word = String::new();
                // The lock is taken, whatever its file says.
                let _ = file.read_to_string(&mut word);
                return Err(LockError::Taken(word));
            }
        }
        let leave_word = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            let what = path::absolute(what)?;
            write!(file, "run {} (process {})", what.display(), std::process::id())
        };
        leave_word(&mut file).map_err(failed(&path))?;
        Ok(RunLock { _file: file })
    }
}

/// Opens the lock's file. Every user can write to its folder, so a link or another user's file is neither followed
/// nor trusted.
fn open(path: &Path, user: u32) -> io::Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(path)?;
    let found = file.metadata()?;
    if found.is_file() && found.uid() == user {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a file of yours"))
    }
}
