//! What reads how much a part has used.

use std::io;

use super::usage::Threads;
use crate::os::part::PerPart;
use crate::units::{Moment, Nanos};

/// Reads what one part uses: the server, the database, or the load.
///
/// The CPU times of all parts are read next to each other, at the ends of a window. What takes long to read is read before the
/// load starts and after it is drained: within a window, it would take CPU time from what is measured.
pub trait Meter {
    /// CPU time of the part since it started.
    ///
    /// # Errors
    /// When the part is gone.
    fn cpu(&self) -> io::Result<CpuReading>;

    /// How long a quota kept the part from running since it started; absent if it has no control group of its own, or no
    /// quota.
    fn throttled(&self) -> Option<Nanos>;

    /// Open file descriptors, now; absent where they cannot be seen.
    fn files(&self) -> Option<u64>;

    /// Anonymous memory, now.
    fn anonymous_kib(&self) -> u64;

    /// What the part's threads have counted since they started. It takes some 12 µs a thread.
    fn threads(&self) -> Threads;

    /// TCP connections that the part has opened to others, now; absent where that cannot be seen. It takes as long for an
    /// open file.
    fn connections(&self) -> Option<u64>;

    /// Resident memory of all processes, now, with the pages of files; absent where the meter does not know it.
    fn resident_kib(&self) -> Option<u64> {
        None
    }
}

/// The meters of a trial's parts; absent where a part is not there, or is not ours to observe.
pub type Meters = PerPart<Option<Box<dyn Meter>>>;

/// CPU time since a part started, and when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuReading {
    /// The moment, on the clock of the machine that the part runs on: only the readings of one meter compare.
    pub at: Moment,
    /// The CPU time until then.
    pub cpu: Nanos,
}

impl CpuReading {
    /// What `cpu` returns, with the moment just before it.
    ///
    /// # Errors
    /// That of `cpu`.
    pub fn now(cpu: impl FnOnce() -> io::Result<Nanos>) -> io::Result<CpuReading> {
        let at = Moment::now();
        Ok(CpuReading { at, cpu: cpu()? })
    }
}
