//! The files of a run under `raw/`: primary data, written once, from which everything else is derived.

pub mod counts;
mod earlier;
pub mod folder;
pub mod journal;
pub mod measured;
pub mod run;
pub mod site;
#[cfg(test)]
pub(crate) mod synthetic_run;
#[cfg(test)]
pub(crate) mod synthetic_study;

/// The version of the raw formats. A report refuses versions that it does not know.
pub const VERSION: u32 = 5;

/// The versions that a report can read. Fields that a later version added are absent in an earlier one.
pub const READABLE: std::ops::RangeInclusive<u32> = 1..=VERSION;
