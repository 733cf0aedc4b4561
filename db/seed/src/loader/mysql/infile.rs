//! LOAD DATA LOCAL INFILE, fed from the row function: there is never a file of the rows.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use mysql_async::{Conn, prelude::Queryable};

use crate::loader::{Progress, Step, Table, text};

/// The statement that loads the text of [`text`](crate::loader::text()) from the client's file of this name, in a
/// session in UTC. Nothing in the text is escaped, so the server need not look for escapes.
pub fn load_data_sql(file_name: &str) -> String {
    let quoted = file_name.replace('\\', r"\\").replace('\'', "''");
    format!(
        r"LOAD DATA LOCAL INFILE '{quoted}' INTO TABLE demo_data CHARACTER SET utf8mb4
        FIELDS TERMINATED BY '\t' ESCAPED BY '' LINES TERMINATED BY '\n' (id, name, create_time, update_time)"
    )
}

/// Streams the rows of `table` into the empty table.
pub(super) async fn load(
    conn: &mut Conn,
    table: Table,
    progress: &Progress,
) -> Result<(), mysql_async::Error> {
    let (mut chunks, drawing) = text::drawn(table);
    let progress = progress.clone();
    conn.set_infile_handler(async move {
        Ok(stream::poll_fn(move |context| chunks.poll_recv(context))
            .map(move |(chunk, rows): (Bytes, u64)| {
                progress(Step::Loading(rows));
                Ok(chunk)
            })
            .boxed())
    });
    let loaded = conn.query_drop(load_data_sql("rows")).await;
    // A server that forbids LOCAL INFILE never asks for the handler, which still holds the receiver.
    conn.set_infile_handler(async { Ok(stream::empty().boxed()) });
    loaded?;
    drawing.await.map_err(|panic| mysql_async::Error::Other(panic.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_end_its_quotes() {
        assert!(load_data_sql(r"it's\here").contains(r"INFILE 'it''s\\here' INTO"));
    }
}
