//! What the harness and a load's process say to each other: JSON lines over its standard streams.
//!
//! harness → load: a [`LoadSpec`](super::LoadSpec), and when all shards are ready, [`Go`].
//! load → harness: [`Event`]s.

use serde::{Deserialize, Serialize};

use super::record::LoadRecord;
use crate::units::Nanos;

/// Begin.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Go {
    /// The same moment for all shards.
    pub start: Nanos,
}

/// What a load's process tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Set up; waits for [`Go`].
    Ready,
    /// The window begins now: resources are to be read.
    WindowStart,
    /// The window ends now: likewise.
    WindowEnd,
    /// All that was measured. The last event.
    Record(Box<LoadRecord>),
    /// It could not be run. The last event.
    Failed {
        /// Why.
        reason: String,
    },
}
