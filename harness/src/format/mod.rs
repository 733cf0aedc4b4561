//! What a run's folder holds under `raw/`: primary data, written once, from which all else is derived.

mod earlier;
pub mod folder;
pub mod journal;
pub mod measured;
pub mod run;
pub mod site;
#[cfg(test)]
pub(crate) mod synthetic_run;

/// The version of the raw formats; a report refuses what it does not know.
pub const VERSION: u32 = 4;

/// The versions that a report reads: what a later one added, the earlier leave out.
pub const READABLE: std::ops::RangeInclusive<u32> = 1..=VERSION;
