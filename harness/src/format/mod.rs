//! Wire types: what is written to a run's folder, and read back from it.

pub mod histogram;
