//! Statistics: pure functions of numbers.

pub mod covariance;
pub mod holm;
pub mod interval;
pub mod ratio;

pub use covariance::{Covaried, paired_adjusted, unpaired_adjusted};
pub use holm::holm;
pub use interval::{Estimate, geometric_mean, mean};
pub use ratio::{LogRatio, paired, unpaired};
