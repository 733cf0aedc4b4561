//! The data of every benchmark here: a table of one million rows, `demo_data`.
//!
//! Rows are a pure function of a seed and an index ([`row`]). So any row, and the exact answer to any lookup
//! ([`Truth`]), can be computed without a database, and the answer is the same on every database. The [`Checksum`]
//! proves that a table in a database holds those rows and no others.

mod agents;
mod checksum;
#[cfg(feature = "loader")]
pub mod loader;
mod row;
mod truth;

pub use agents::{AGENTS, Agent, agents};
pub use checksum::Checksum;
pub use row::{ALPHABET, NAME_LEN, Row, name_len, row};
pub use truth::Truth;

/// The seed of the published table.
pub const SEED: u64 = 0x5374_6163_6b6d_6172;

/// The number of rows in the published table.
pub const ROWS: u64 = 1_000_000;
