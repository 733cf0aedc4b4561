//! The fallback where the server forbids LOAD DATA LOCAL INFILE: prepared INSERTs of many rows.

use mysql_async::{Conn, TxOpts, Value, prelude::Queryable};

use crate::loader::{Progress, Step, Table};
use crate::row;

/// The rows of one statement: well below the protocol's limit of 65,535 parameters and the smallest
/// max_allowed_packet.
const BATCH: u64 = 1000;
/// The rows of one transaction: each commit costs a flush of the log.
const TRANSACTION: u64 = 50 * BATCH;

/// Inserts the rows of `table` into the empty table.
pub(super) async fn load(
    conn: &mut Conn,
    table: Table,
    progress: &Progress,
) -> Result<(), mysql_async::Error> {
    for start in (0..table.rows).step_by(to_usize(TRANSACTION)) {
        let end = table.rows.min(start + TRANSACTION);
        let mut transaction = conn.start_transaction(TxOpts::default()).await?;
        for first in (start..end).step_by(to_usize(BATCH)) {
            let last = end.min(first + BATCH);
            let values: Vec<Value> = (first..last).flat_map(|i| values(table.seed, i)).collect();
            transaction.exec_drop(statement(last - first), values).await?;
            progress(Step::Loading(last));
        }
        transaction.commit().await?;
    }
    Ok(())
}

fn statement(rows: u64) -> String {
    let groups = vec!["(?, ?, FROM_UNIXTIME(?), FROM_UNIXTIME(?))"; to_usize(rows)].join(", ");
    format!("INSERT INTO demo_data (id, name, create_time, update_time) VALUES {groups}")
}

fn values(seed: u64, i: u64) -> [Value; 4] {
    let row = row(seed, i);
    [
        row.id.into(),
        row.name.into(),
        row.create_time.timestamp().into(),
        row.update_time.timestamp().into(),
    ]
}

fn to_usize(small: u64) -> usize {
    usize::try_from(small).expect("a batch is far smaller than memory")
}
