//! The measurements of one trial, as the journal keeps them.

use serde::{Deserialize, Serialize};

use crate::definition::warmup::WarmedUp;
use crate::load::LoadRecord;
use crate::observe::window::Resources;
use crate::units::Nanos;

/// What a start of a server showed. A fact that the backend could not know is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The time from the start of the server's process to its first right answer to a health check. It is asked each
    /// millisecond. Absent where the harness did not start the process by itself, as in containers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_answer: Option<Nanos>,
    /// Anonymous memory after that answer, as in [`crate::observe::usage::Usage`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub idle_anonymous_kib: Option<u64>,
    /// Resident memory after that answer, of all processes: anonymous memory, and the pages of files and shared memory, which
    /// count for each process that has them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub idle_resident_kib: Option<u64>,
}

/// What one trial measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How the warm-up ended; absent where its length was fixed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub warmup: Option<WarmedUp>,
    /// The load's record, summed over all shards.
    pub record: LoadRecord,
    /// The resources that were used within the window.
    pub resources: Resources,
    /// The share of the time of all CPUs of the run that its other servers used from the trial's start to its end, though
    /// nobody asked them; absent where none was up, and in runs recorded before it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub other_servers: Option<f64>,
}
