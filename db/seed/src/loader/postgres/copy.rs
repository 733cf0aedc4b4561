//! COPY, fed from the row function: there is never a file of the rows.

use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::{Error, Transaction};

use crate::loader::{Progress, Step, Table, text};

/// The statement that loads the text of [`text`](crate::loader::text()) from the client, into a table that was made in
/// the same transaction.
pub const COPY: &str = "COPY demo_data (id, name, create_time, update_time) FROM STDIN (FREEZE)";

/// Streams the rows of `table` into the empty table.
pub(super) async fn load(
    transaction: &Transaction<'_>,
    table: Table,
    progress: &Progress,
) -> Result<(), Error> {
    let (mut chunks, drawing) = text::drawn(table);
    let mut sink = pin!(transaction.copy_in::<_, Bytes>(COPY).await?);
    while let Some((chunk, rows)) = chunks.recv().await {
        sink.send(chunk).await?;
        progress(Step::Loading(rows));
    }
    // The thread has ended, since its channel has: a panic of it must not pass for the end of the rows.
    drawing.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    sink.finish().await?;
    Ok(())
}
