//! PostgreSQL 14 and newer.

mod agents;
mod connection;
mod copy;
mod error;
mod schema;

use std::time::Instant;

use tokio_postgres::{Client, Error};

use super::{LoadError, Progress, SeedReport, State, Step, Table, Way};
use crate::Checksum;
pub use connection::Connection;
pub use copy::COPY;
use error::Failure;
pub use schema::{ANALYZE, CREATE_INDEX, CREATE_TABLE};

/// Computes the two numbers of [`Checksum`] in the database: the rows, and the xor of the first 64 bits of each row's
/// SHA-256.
const CHECKSUM_SQL: &str = r"SELECT count(*)::text, coalesce(bit_xor(('x' || substr(sha256(convert_to(
     id || E'\n' || name || E'\n' || date_part('epoch', create_time)::bigint || E'\n' ||
     date_part('epoch', update_time)::bigint, 'UTF8'))::text, 3, 16))::bit(64)::bigint), 0)::text
     FROM demo_data";

/// The form of `DATABASE_URL` for this family.
pub const URL_FORM: &str = "postgres://USER:PASSWORD@HOST:PORT/DATABASE";

/// Makes the table `demo_data` in the database that `url` names hold exactly the rows of `table`.
///
/// The database itself is created if it is missing and the user may create it.
///
/// # Errors
/// Each says in one sentence what is wrong and what to do.
pub async fn ensure(url: &str, table: Table, progress: &Progress) -> Result<SeedReport, LoadError> {
    let begin = Instant::now();
    // Closing the connection, as dropping it does, also releases the lock.
    let mut connection = Connection::open_making_database(url).await?;
    let seeded = seed(&mut connection.client, table, progress).await;
    let (found, loaded) = seeded.map_err(|error| connection.explain(error))?;
    Ok(SeedReport {
        found,
        loaded,
        checksum: Checksum::expected(table.seed, table.rows),
        took: begin.elapsed(),
    })
}

async fn seed(
    client: &mut Client,
    table: Table,
    progress: &Progress,
) -> Result<(State, Option<Way>), Failure> {
    let expected = Checksum::expected(table.seed, table.rows);
    progress(Step::Checking);
    if state(client, expected).await? == State::Seeded && agents::are_right(client).await? {
        return Ok((State::Seeded, None));
    }
    connection::lock(client, progress).await?;
    agents::ensure(client).await?;
    // The process that held the lock may have done the work.
    let found = state(client, expected).await?;
    match found {
        State::Seeded => return Ok((found, None)),
        State::Differs { ours: false, reason } => {
            return Err(Failure::NotOurs { table: "demo_data", difference: reason });
        }
        State::Differs { .. } | State::Missing => {}
    }
    reload(client, table, progress).await?;
    progress(Step::Proving);
    prove(client, expected).await?;
    Ok((found, Some(Way::BulkLoad)))
}

/// Compares the table `demo_data` with the one of `expected`.
async fn state(client: &Client, expected: Checksum) -> Result<State, Error> {
    let Some(schema) = schema::found(client).await? else {
        return Ok(State::Missing);
    };
    let reason = if schema == schema::SCHEMA {
        let found = checksum(client).await?;
        if found == expected {
            return Ok(State::Seeded);
        }
        format!("its checksum is {found} and not {expected}")
    } else {
        format!("its schema is {schema}")
    };
    Ok(State::Differs { reason, ours: schema::is_ours(client, "demo_data").await? == Some(true) })
}

/// Drops the table, makes it anew and fills it, in one transaction: an interruption leaves what was there before. A table
/// that was made in the same transaction can also be loaded with its rows frozen, so that no later query has to mark them.
async fn reload(client: &mut Client, table: Table, progress: &Progress) -> Result<(), Error> {
    let transaction = client.transaction().await?;
    transaction.batch_execute("DROP TABLE IF EXISTS demo_data").await?;
    transaction.batch_execute(CREATE_TABLE).await?;
    copy::load(&transaction, table, progress).await?;
    progress(Step::Indexing);
    transaction.batch_execute(CREATE_INDEX).await?;
    // The rows came with their ids; the next one that comes without gets the next id.
    let next = table.rows + 1;
    let restart = format!("ALTER TABLE demo_data ALTER COLUMN id RESTART WITH {next}");
    transaction.batch_execute(&restart).await?;
    transaction.commit().await?;
    client.batch_execute(ANALYZE).await
}

async fn prove(client: &Client, expected: Checksum) -> Result<(), Failure> {
    let found = checksum(client).await?;
    if found != expected {
        return Err(Failure::Unproved { expected, found });
    }
    Ok(())
}

async fn checksum(client: &Client) -> Result<Checksum, Error> {
    let (rows, xor) = connection::pairs(client, CHECKSUM_SQL)
        .await?
        .pop()
        .expect("an aggregate without GROUP BY always gives one row");
    // The database's 64 bits have a sign.
    let xor: i64 = xor.parse().expect("it was cast to bigint");
    Ok(Checksum { rows: rows.parse().expect("it is a count"), xor: xor.cast_unsigned() })
}
