//! Stackmark's harness: builds, verifies, loads, measures and reports servers that it knows only as data.
//!
//! The data flows one way: Definition → Plan → Trial (raw) → Measurement → Comparison → report.

pub mod args;
pub mod cmd;
pub mod definition;
pub mod format;
pub mod load;
pub mod placement;
pub mod plan;
pub mod process;
pub mod report;
mod sys;
pub mod units;
pub mod workspace;
