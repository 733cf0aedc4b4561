//! The measurements of one trial, as the journal keeps them.

use serde::{Deserialize, Serialize};

use crate::definition::warmup::WarmedUp;
use crate::load::LoadRecord;
use crate::observe::window::Resources;

/// What one trial measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How the warm-up ended; absent where it was of fixed length.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub warmup: Option<WarmedUp>,
    /// All shards together.
    pub record: LoadRecord,
    /// What the window cost.
    pub resources: Resources,
}
