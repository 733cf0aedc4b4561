//! What reads how much a part has used.

use std::io;

use super::usage::Usage;
use crate::os::part::PerPart;
use crate::units::{Moment, Nanos};

/// Reads what one part uses: the server, the database, or the load.
///
/// A reading has two steps, because the CPU times of all parts are read next to each other, at the ends of a window, and
/// everything else takes longer and may be late.
pub trait Meter {
    /// CPU time of the part since it started.
    ///
    /// # Errors
    /// When the part is gone.
    fn cpu(&self) -> io::Result<CpuReading>;

    /// Everything that the part has used, with the CPU time that was read before.
    fn usage(&self, cpu: Nanos) -> Usage;

    /// Anonymous memory, now.
    fn anonymous_kib(&self) -> u64;

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
