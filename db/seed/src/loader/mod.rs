//! Seeds a MySQL or MariaDB database with the rows, and proves that it holds them.
//!
//! [`ensure`] is all that most need: it does nothing to a table whose schema and checksum are right, and makes any
//! other anew. Nothing is remembered outside the database, so an interruption at any point, even of the power, leaves
//! either a proved table or one that the next call replaces.

mod connection;
mod error;
mod infile;
mod insert;
mod schema;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use mysql_async::{Conn, prelude::Queryable};

use crate::{CHECKSUM_SQL, Checksum};
pub use connection::{connect, connect_making_schema};
pub use error::LoadError;
pub use infile::{load_data_sql, text};
/// The driver, for whoever uses the connection that [`connect`] gives.
pub use mysql_async as driver;
pub use schema::Dialect;

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
    /// So many rows of the table are on their way.
    Loading(u64),
    /// The rows go by batched INSERTs, some times slower, because the server forbids LOAD DATA LOCAL INFILE.
    LocalInfileForbidden,
    /// Building the index on the names.
    Indexing,
    /// Computing the checksum of the loaded table.
    Proving,
}

/// Is told of each [`Step`]; `Loading` comes many times a second.
pub type Progress = Arc<dyn Fn(Step) + Send + Sync>;

/// How the rows were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Streamed by LOAD DATA LOCAL INFILE.
    LoadData,
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

/// What [`ensure`] found and did.
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

/// Makes the table `demo_data` of the schema that `url` names hold exactly the rows of `table`.
///
/// The schema itself is made if it is missing and the user may.
///
/// # Errors
/// Each says in one sentence what is wrong and what mends it.
pub async fn ensure(url: &str, table: Table, progress: &Progress) -> Result<SeedReport, LoadError> {
    let begin = Instant::now();
    let mut conn = connect_making_schema(url).await?;
    let opts = conn.opts().clone();
    let result =
        seed(&mut conn, table, progress).await.map_err(|error| LoadError::explain(error, &opts));
    // Closing also gives back the lock. The result stands whether or not the server hears the goodbye.
    let _ = conn.disconnect().await;
    let (found, loaded) = result?;
    Ok(SeedReport {
        found,
        loaded,
        checksum: Checksum::expected(table.seed, table.rows),
        took: begin.elapsed(),
    })
}

async fn seed(
    conn: &mut Conn,
    table: Table,
    progress: &Progress,
) -> Result<(State, Option<Way>), error::Failure> {
    let expected = Checksum::expected(table.seed, table.rows);
    progress(Step::Checking);
    if state(conn, expected).await? == State::Seeded {
        return Ok((State::Seeded, None));
    }
    connection::lock(conn, progress).await?;
    // Whoever held the lock may have done the work.
    let found = state(conn, expected).await?;
    if found == State::Seeded {
        return Ok((found, None));
    }
    let way = reload(conn, table, progress).await?;
    progress(Step::Proving);
    prove(conn, expected).await?;
    Ok((found, Some(way)))
}

/// Compares the table in the connection's schema with the one of `expected`.
///
/// # Errors
/// Whatever the driver says.
pub async fn state(conn: &mut Conn, expected: Checksum) -> Result<State, mysql_async::Error> {
    let dialect = Dialect::of(conn).await?;
    let Some(schema) = schema::found(conn).await? else {
        return Ok(State::Missing);
    };
    if schema != dialect.schema() {
        return Ok(State::Differs(format!("its schema is {schema}")));
    }
    let found = checksum(conn).await?;
    Ok(if found == expected {
        State::Seeded
    } else {
        State::Differs(format!("its checksum is {found} and not {expected}"))
    })
}

/// Drops the table, makes it anew and fills it. The index comes last, so a table that is still being filled never has
/// the right schema.
///
/// # Errors
/// Whatever the driver says.
pub async fn reload(
    conn: &mut Conn,
    table: Table,
    progress: &Progress,
) -> Result<Way, mysql_async::Error> {
    let dialect = Dialect::of(conn).await?;
    conn.query_drop("DROP TABLE IF EXISTS demo_data").await?;
    let [create_table, create_index] = dialect.statements();
    conn.query_drop(create_table).await?;
    let way = match infile::load(conn, table, progress).await {
        Ok(()) => Way::LoadData,
        Err(error) if error::local_infile_forbidden(&error) => {
            progress(Step::LocalInfileForbidden);
            insert::load(conn, table, progress).await?;
            Way::Inserts
        }
        Err(error) => return Err(error),
    };
    progress(Step::Indexing);
    conn.query_drop(create_index).await?;
    // The optimizer's statistics are then the same after every seeding, and so are its plans.
    conn.query_drop("ANALYZE TABLE demo_data").await?;
    Ok(way)
}

async fn prove(conn: &mut Conn, expected: Checksum) -> Result<(), error::Failure> {
    let found = checksum(conn).await?;
    if found != expected {
        return Err(error::Failure::Unproved { expected, found });
    }
    Ok(())
}

async fn checksum(conn: &mut Conn) -> Result<Checksum, mysql_async::Error> {
    let (rows, xor) = conn
        .query_first(CHECKSUM_SQL)
        .await?
        .expect("an aggregate without GROUP BY always gives one row");
    Ok(Checksum { rows, xor })
}
