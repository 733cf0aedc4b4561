//! MySQL and MariaDB, which speak one protocol and differ in a collation.

mod agents;
mod connection;
mod error;
mod infile;
mod insert;
mod schema;

use std::time::Instant;

use mysql_async::{Conn, prelude::Queryable};

use super::{LoadError, Progress, SeedReport, State, Step, Table, Way};
use crate::Checksum;
pub use connection::Connection;
use connection::{lock, open_making_schema};
use error::Failure;
pub use infile::load_data_sql;
pub use schema::Dialect;

/// Computes the two numbers of [`Checksum`] in the database, in the connection's schema.
///
/// SHA-256 because MySQL 9.6 removed MD5 and SHA-1; xor because it needs no order, fits 64 bits and, with the
/// count and the primary key, leaves no room for a missing, doubled or changed row.
const CHECKSUM_SQL: &str = "SELECT COUNT(*), BIT_XOR(CAST(CONV(LEFT(SHA2(CONCAT_WS('\\n', \
     id, name, UNIX_TIMESTAMP(create_time), UNIX_TIMESTAMP(update_time)), 256), 16), 16, 10) AS UNSIGNED)) \
     FROM demo_data";

/// The form of `DATABASE_URL` for this family.
pub const URL_FORM: &str = "mysql://USER:PASSWORD@HOST:PORT/SCHEMA";

/// Makes the table `demo_data` in the schema that `url` names hold exactly the rows of `table`.
///
/// The schema itself is created if it is missing and the user may create it.
///
/// # Errors
/// Each says in one sentence what is wrong and what to do.
pub async fn ensure(url: &str, table: Table, progress: &Progress) -> Result<SeedReport, LoadError> {
    let begin = Instant::now();
    let mut conn = open_making_schema(url).await?;
    let opts = conn.opts().clone();
    let result =
        seed(&mut conn, table, progress).await.map_err(|error| error::explain(error, &opts));
    // Closing also releases the lock. The result is valid whether or not the server receives the goodbye.
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
) -> Result<(State, Option<Way>), Failure> {
    let expected = Checksum::expected(table.seed, table.rows);
    progress(Step::Checking);
    if state(conn, expected).await? == State::Seeded && agents::are_right(conn).await? {
        return Ok((State::Seeded, None));
    }
    lock(conn, progress).await?;
    agents::ensure(conn).await?;
    // The process that held the lock may have done the work.
    let found = state(conn, expected).await?;
    match found {
        State::Seeded => return Ok((found, None)),
        State::Differs { ours: false, reason } => {
            return Err(Failure::NotOurs { table: "demo_data", difference: reason });
        }
        State::Differs { .. } | State::Missing => {}
    }
    let way = reload(conn, table, progress).await?;
    progress(Step::Proving);
    prove(conn, expected).await?;
    Ok((found, Some(way)))
}

/// Compares the table in the connection's schema with the one of `expected`.
async fn state(conn: &mut Conn, expected: Checksum) -> Result<State, mysql_async::Error> {
    let dialect = Dialect::of(conn).await?;
    let Some(schema) = schema::found(conn).await? else {
        return Ok(State::Missing);
    };
    let reason = if schema == dialect.schema() {
        let found = checksum(conn).await?;
        if found == expected {
            return Ok(State::Seeded);
        }
        format!("its checksum is {found} and not {expected}")
    } else {
        format!("its schema is {schema}")
    };
    Ok(State::Differs { reason, ours: schema::is_ours(conn, "demo_data").await? == Some(true) })
}

/// Drops the table, makes it anew and fills it. The index comes last, so a table that is still being filled never has
/// the right schema.
async fn reload(
    conn: &mut Conn,
    table: Table,
    progress: &Progress,
) -> Result<Way, mysql_async::Error> {
    let dialect = Dialect::of(conn).await?;
    conn.query_drop("DROP TABLE IF EXISTS demo_data").await?;
    conn.query_drop(dialect.create_table()).await?;
    let way = match infile::load(conn, table, progress).await {
        Ok(()) => Way::BulkLoad,
        Err(error) if error::local_infile_forbidden(&error) => {
            progress(Step::BulkLoadForbidden);
            insert::load(conn, table, progress).await?;
            Way::Inserts
        }
        Err(error) => return Err(error),
    };
    progress(Step::Indexing);
    conn.query_drop(dialect.create_index()).await?;
    // The optimizer's statistics are then the same after every seeding, and so are its plans.
    conn.query_drop("ANALYZE TABLE demo_data").await?;
    Ok(way)
}

async fn prove(conn: &mut Conn, expected: Checksum) -> Result<(), Failure> {
    let found = checksum(conn).await?;
    if found != expected {
        return Err(Failure::Unproved { expected, found });
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
