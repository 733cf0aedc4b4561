//! The messages between the harness and a load's process: JSON lines over its standard streams.
//!
//! Harness → load: a [`LoadSpec`](super::LoadSpec); [`Go`] when all shards are ready; and [`Measure`] when a warm-up
//! that is not of fixed length is over.
//! Load → harness: [`Event`]s.

use serde::{Deserialize, Serialize};

use super::record::LoadRecord;
use crate::units::Moment;

/// The command to begin.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Go {
    /// The moment at which all shards begin.
    pub start: Moment,
}

/// The message that the warm-up is over.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Measure {
    /// The moment at which the window begins in all shards. A shard that learns of it too late begins at once.
    pub from: Moment,
}

/// A message of a load's process.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The load is set up and waits for [`Go`].
    Ready,
    /// A slice of a warm-up that is not of fixed length has passed.
    WarmingUp {
        /// The number of right answers in it.
        right: u64,
    },
    /// It is known when the window begins and ends: resources must be read at both moments.
    Window {
        /// When it begins.
        start: Moment,
        /// When it ends.
        end: Moment,
    },
    /// The measurements. This is the last event.
    Record(Box<LoadRecord>),
    /// The load could not be run. This is the last event.
    Failed {
        /// The reason.
        reason: String,
    },
}
