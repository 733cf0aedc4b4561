//! Stackmark's harness builds, verifies, loads, measures and reports servers that it knows only as data.
//!
//! The data flows one way: Definition → Plan → Trial (raw) → Measurement → Comparison → Report.

pub mod args;
pub mod backend;
pub mod cmd;
pub mod compare;
pub mod database;
pub mod definition;
pub mod failure;
pub mod format;
pub mod load;
pub mod measure;
pub mod observe;
pub mod os;
pub mod plan;
pub mod report;
pub mod run;
pub mod service;
pub mod stats;
pub mod units;
pub mod workload;
pub mod workspace;
