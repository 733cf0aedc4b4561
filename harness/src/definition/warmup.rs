//! The length of a warm-up, and how it ended.

use serde::{Deserialize, Serialize};

use crate::units::Nanos;

/// The shortest and the longest warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warmup {
    /// The shortest length.
    pub least: Nanos,
    /// The longest length, after which the window begins, steady or not.
    pub most: Nanos,
}

impl Warmup {
    /// A warm-up of fixed length.
    #[must_use]
    pub fn fixed(length: Nanos) -> Warmup {
        Warmup { least: length, most: length }
    }

    /// Whether the length is fixed.
    #[must_use]
    pub fn is_fixed(self) -> bool {
        self.most <= self.least
    }
}

/// How a warm-up ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmedUp {
    /// The length.
    pub length: Nanos,
    /// Whether the rate was steady at its end.
    pub steady: bool,
}
