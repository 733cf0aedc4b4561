//! Seeds a database with the rows, and proves that it holds them.
//!
//! Each family of databases has a module with a function `ensure`. It does nothing to a table whose schema and checksum
//! are right, and makes any other anew. Nothing is remembered outside the database, so an interruption at any point, even
//! of the power, leaves either a proved table or one that the next call replaces.

mod error;
pub mod mysql;
pub mod postgres;
mod text;

use std::{fmt, sync::Arc, time::Duration};

use crate::Checksum;
pub use error::LoadError;
pub use text::text;

/// The comment of a table that the loader made, and may therefore drop.
const OURS: &str = "made by stackmark";

/// The time that another process may take to seed the same database.
const LOCK_TIMEOUT: Duration = Duration::from_secs(600);

/// The time that a server may take to answer. Without a limit, an address that drops packets takes minutes.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The rows that a table should hold: the first `rows` rows of `seed`.
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

/// A step of the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Comparing the existing table with the one that should be there.
    Checking,
    /// Waiting for another process that is seeding the same schema.
    Waiting,
    /// Sending the rows, of which so many were sent.
    Loading(u64),
    /// The server forbids its bulk load, so the rows are sent by batched INSERTs, which takes several times longer.
    BulkLoadForbidden,
    /// Building the index on the names.
    Indexing,
    /// Computing the checksum of the loaded table.
    Proving,
}

/// A function that is called at each [`Step`]; `Loading` comes many times per second.
pub type Progress = Arc<dyn Fn(Step) + Send + Sync>;

/// The way in which the rows were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By the family's bulk load: LOAD DATA LOCAL INFILE, or COPY.
    BulkLoad,
    /// By prepared INSERTs of many rows each, where the server forbids its bulk load.
    Inserts,
}

/// The state of the table, compared with the one that should be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The schema and the checksum are right.
    Seeded,
    /// There is no table `demo_data`.
    Missing,
    /// The table differs.
    Differs {
        /// How.
        reason: String,
        /// Whether the loader made it.
        ours: bool,
    },
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Seeded => write!(f, "seeded"),
            State::Missing => write!(f, "not seeded"),
            State::Differs { reason, .. } => write!(f, "seeded with something else: {reason}"),
        }
    }
}

/// The result of a seeding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedReport {
    /// The state of the table before.
    pub found: State,
    /// How the rows were loaded; absent where they were there already.
    pub loaded: Option<Way>,
    /// The checksum that the table was proved to have.
    pub checksum: Checksum,
    /// The duration of the whole seeding.
    pub took: Duration,
}
