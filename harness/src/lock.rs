//! One run at a time: two would measure each other.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use crate::workspace::Workspace;

/// Held while a run goes on; the kernel lets go of it when this process ends, however it ends.
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
    #[error("cannot lock {path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl RunLock {
    /// Takes the lock, and leaves word of `what` for whoever comes second.
    ///
    /// # Errors
    /// When it is taken, or cannot be.
    pub fn take(workspace: &Workspace, what: &Path) -> Result<RunLock, LockError> {
        let path = workspace.private().join("run.lock");
        let failed = |source| LockError::Io { path: path.display().to_string(), source };
        fs::create_dir_all(workspace.private()).map_err(failed)?;
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(failed(error)),
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
            write!(file, "run {} (process {})", what.display(), std::process::id())
        };
        leave_word(&mut file).map_err(failed)?;
        Ok(RunLock { _file: file })
    }
}
