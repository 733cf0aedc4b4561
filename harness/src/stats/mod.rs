//! Statistics: pure functions of numbers.

pub mod interval;

pub use interval::{Estimate, mean};
