//! Seeds a database with the rows, and proves that it holds them.
//!
//! Each family of databases has a module with a function `ensure`. It does nothing to a table whose schema and checksum
//! are right, and makes any other anew. Nothing is remembered outside the database, so an interruption at any point, even
//! of the power, leaves either a proved table or one that the next call replaces.

mod error;
pub mod mysql;

use std::{fmt, sync::Arc, time::Duration};

use crate::Checksum;
pub use error::LoadError;

/// Which rows the table is to hold: the first `rows` of `seed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The seed of the row function.
    pub seed: u64,
    /// The number of rows.
    pub rows: u64,
}

impl Table {
    /// The published table.
    pub const PUBLISHED: Table = Table { seed: crate::SEED, rows: crate::ROWS };
}

/// What the loader is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Comparing the table that is there with the one that should be.
    Checking,
    /// Waiting for another process that is seeding the same schema.
    Waiting,
    /// Sending the rows; the number is that of the rows sent so far.
    Loading(u64),
    /// The rows go by batched INSERTs, which takes several times longer, because the server forbids its bulk load.
    BulkLoadForbidden,
    /// Building the index on the names.
    Indexing,
    /// Computing the checksum of the loaded table.
    Proving,
}

/// A function that is called at each [`Step`]; `Loading` comes many times a second.
pub type Progress = Arc<dyn Fn(Step) + Send + Sync>;

/// How the rows were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Streamed by the family's bulk load, as LOAD DATA LOCAL INFILE.
    BulkLoad,
    /// Prepared INSERTs of many rows each, where the server forbids the other.
    Inserts,
}

/// What is in the database, compared with what should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The schema and the checksum are right.
    Seeded,
    /// There is no table `demo_data`.
    Missing,
    /// The table differs, for this reason.
    Differs(String),
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Seeded => write!(f, "seeded"),
            State::Missing => write!(f, "not seeded"),
            State::Differs(reason) => write!(f, "seeded with something else: {reason}"),
        }
    }
}

/// What a seeding found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedReport {
    /// What was there before.
    pub found: State,
    /// How the rows were loaded; nothing if they were there.
    pub loaded: Option<Way>,
    /// The checksum that the table was proved to have.
    pub checksum: Checksum,
    /// How long it took in all.
    pub took: Duration,
}
