//! The measurements of one trial, as the journal keeps them.

use serde::{Deserialize, Serialize};

use crate::definition::warmup::WarmedUp;
use crate::load::LoadRecord;
use crate::observe::window::Resources;

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
}
