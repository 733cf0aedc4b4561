//! One run at a time: two would measure each other.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{self, Path};

use nix::fcntl::OFlag;

/// Held while a run of this user goes on, in whichever checkout; the kernel lets go of it when this process ends, however it ends.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// Another run goes on.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Which one.
    #[error(
        "{0} is running on this machine; two at once would measure each other: wait for it, or stop it"
    )]
    Taken(String),
    /// The lock's file cannot be used.
    #[error(
        "cannot lock {path} ({cause}): remove it, make room there, or set TMPDIR to a folder of your own"
    )]
    Io {
        /// Which file.
        path: String,
        /// Why.
        cause: io::Error,
    },
}

impl RunLock {
    /// Takes the lock, and leaves word of `what` for whoever comes second.
    ///
    /// # Errors
    /// When it is taken, or cannot be.
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
                // Whatever it says: the lock is taken.
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

/// The folder is everyone's: a link or a file that someone else put there is not followed, nor trusted.
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
