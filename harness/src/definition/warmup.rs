//! How long a warm-up may take, and how it ended.

use serde::{Deserialize, Serialize};

use crate::units::Nanos;

/// How long a warm-up may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warmup {
    /// At least.
    pub least: Nanos,
    /// At most: then the window begins, steady or not.
    pub most: Nanos,
}

impl Warmup {
    /// A fixed length.
    #[must_use]
    pub fn fixed(length: Nanos) -> Warmup {
        Warmup { least: length, most: length }
    }

    /// Whether its length is known beforehand.
    #[must_use]
    pub fn is_fixed(self) -> bool {
        self.most <= self.least
    }
}

/// How a warm-up ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmedUp {
    /// How long it took.
    pub length: Nanos,
    /// Whether the rate was steady at its end.
    pub steady: bool,
}
