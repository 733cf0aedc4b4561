//! Statistics: pure functions of numbers.

pub mod attribution;
pub mod excess;
pub mod holm;
pub mod interval;
pub mod letters;
pub mod moderated;
pub mod ratio;
pub mod resolution;

pub use attribution::{Factors, Share, attribution};
pub use excess::{Excess, excess};
pub use holm::holm;
pub use interval::{Estimate, geometric_mean, mean};
pub use letters::letters;
pub use moderated::{Spread, spread};
pub use ratio::{LogRatio, paired, unpaired};
pub use resolution::{critical, smallest_found};
