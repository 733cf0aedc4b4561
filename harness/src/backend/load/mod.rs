//! A load that was started as a whole, in however many processes and on whichever machines.

mod processes;
mod total;

use std::time::Duration;

use crate::definition::warmup::WarmedUp;
use crate::failure::Error;
use crate::load::LoadRecord;
use crate::observe::meter::Meter;
use crate::units::Moment;

pub(super) use processes::{IdleShards, Metered};

/// A load that is set up and waits to begin. Dropping it stops it, if it is not over.
pub trait RunningLoad {
    /// What reads its resources; absent where the load is a part of the server.
    ///
    /// # Errors
    /// When it cannot be observed.
    fn meter(&self) -> Result<Option<Box<dyn Meter>>, Error>;

    /// Sends the first requests, everywhere at the same moment.
    ///
    /// # Errors
    /// When the load is gone.
    fn begin(&mut self) -> Result<(), Error>;

    /// Ends a warm-up that is not of fixed length, and opens the window everywhere at the same moment.
    ///
    /// # Errors
    /// When the load is gone.
    fn open_window(&mut self) -> Result<(), Error>;

    /// The next event; absent if there is none within `timeout`.
    ///
    /// # Errors
    /// When the load has failed, or ended without a record.
    fn next(&mut self, timeout: Duration) -> Result<Option<LoadEvent>, Error>;
}

/// What a load reports, all its shards together.
#[derive(Clone, Debug, PartialEq)]
pub enum LoadEvent {
    /// A slice of a warm-up that is not of fixed length has passed, with so many right answers.
    WarmingUp(u64),
    /// It is known when the window begins and ends: at both moments a reading is due.
    Window {
        /// When it begins.
        start: Moment,
        /// When it ends.
        end: Moment,
        /// How the warm-up ended, if the load ended it by itself.
        warmup: Option<WarmedUp>,
    },
    /// Everything that was measured. The last event.
    Record(Box<LoadRecord>),
}
