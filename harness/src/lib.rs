//! Stackmark's harness: builds, verifies, loads, measures and reports servers that it knows only as data.
//!
//! The data flows one way: Definition → Plan → Trial (raw) → Measurement → Comparison → report.

pub mod args;
pub mod backend;
pub mod build;
pub mod cmd;
pub mod compare;
pub mod database;
pub mod definition;
pub mod doctor;
pub mod drive;
pub mod format;
pub mod http;
#[cfg(test)]
mod known;
pub mod live;
pub mod load;
pub mod lock;
pub mod machine;
pub mod measure;
pub mod observe;
pub mod placement;
pub mod plan;
pub mod prepare;
pub mod process;
pub mod progress;
pub mod report;
pub mod runner;
pub mod settled;
pub mod stats;
mod sys;
pub mod trial;
pub mod units;
pub mod verify;
pub mod wire;
pub mod workspace;
