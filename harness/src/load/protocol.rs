//! The messages between the harness and a load's process: JSON lines over its standard streams.
//!
//! Harness → load: [`Command`]s, any number of loads one after the other. Load → harness: [`Event`]s.

use serde::{Deserialize, Serialize};

use super::record::LoadRecord;
use super::spec::LoadSpec;
use crate::units::Moment;

/// A message to a load's process, which tells them apart by their fields.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Command {
    /// Sets up the process's shard of a load; answered by [`Event::Ready`].
    SetUp(Box<LoadSpec>),
    /// Begins the load, when all shards are ready.
    Go {
        /// The moment at which all shards begin.
        start: Moment,
    },
    /// Ends a warm-up that is not of fixed length.
    Measure {
        /// The moment at which the window begins in all shards. A shard that learns of it too late begins at once.
        from: Moment,
    },
}

/// A message of a load's process.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The load is set up and waits for [`Command::Go`].
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
    /// The measurements. This is the last event of a load.
    Record(Box<LoadRecord>),
    /// The load could not be run. This is the last event of a load.
    Failed {
        /// The reason.
        reason: String,
    },
}
