//! What the harness and a load's process say to each other: JSON lines over its standard streams.
//!
//! harness → load: a [`LoadSpec`](super::LoadSpec), when all shards are ready [`Go`], and when a warm-up that
//! is not of fixed length is over, [`Measure`].
//! load → harness: [`Event`]s.

use serde::{Deserialize, Serialize};

use super::record::LoadRecord;
use crate::units::Moment;

/// Begin.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Go {
    /// The same moment for all shards.
    pub start: Moment,
}

/// The warm-up is over.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Measure {
    /// When the window begins: the same moment for all shards. A shard that hears of it too late begins at once.
    pub from: Moment,
}

/// What a load's process tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Set up; waits for [`Go`].
    Ready,
    /// A slice of a warm-up that is not of fixed length has passed.
    WarmingUp {
        /// Right answers in it.
        right: u64,
    },
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
