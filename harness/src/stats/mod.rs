//! Statistics: pure functions of numbers.

pub mod interval;

pub use interval::{Estimate, geometric_mean, mean};
