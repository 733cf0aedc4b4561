//! LOAD DATA LOCAL INFILE, fed from the row function: there is never a file of the rows.

use bytes::{Bytes, BytesMut};
use chrono::{Datelike, Timelike};
use futures_util::{StreamExt, stream};
use mysql_async::{Conn, prelude::Queryable};
use tokio::sync::mpsc;

use crate::loader::{Progress, Step, Table};
use crate::row::{self, NameBuffer, RawRow};

/// The statement that loads the text of [`text`] from the client's file of this name, in a session in UTC.
///
/// No character of a name, a number or a time needs escaping, and without it the server need not look.
pub fn load_data_sql(file_name: &str) -> String {
    let quoted = file_name.replace('\\', r"\\").replace('\'', "''");
    format!(
        r"LOAD DATA LOCAL INFILE '{quoted}' INTO TABLE demo_data CHARACTER SET utf8mb4
        FIELDS TERMINATED BY '\t' ESCAPED BY '' LINES TERMINATED BY '\n' (id, name, create_time, update_time)"
    )
}

/// The size of a packet in bytes: large enough to keep the cost per packet low, and below the smallest
/// max_allowed_packet.
const CHUNK: usize = 512 * 1024;
/// The length of the longest line: an id, a name, two times.
const LINE: usize = 20 + 253 + 2 * 19 + 4;
/// The number of chunks drawn ahead of the network: a thread draws rows while the server works.
const AHEAD: usize = 4;

/// Streams the rows of `table` into the empty table.
pub(super) async fn load(
    conn: &mut Conn,
    table: Table,
    progress: &Progress,
) -> Result<(), mysql_async::Error> {
    let (sender, mut receiver) = mpsc::channel(AHEAD);
    let drawing = tokio::task::spawn_blocking(move || {
        for chunk in text(table) {
            // A failure means that the load has failed, which reports its own error.
            if sender.blocking_send(chunk).is_err() {
                break;
            }
        }
    });
    let progress = progress.clone();
    conn.set_infile_handler(async move {
        Ok(stream::poll_fn(move |context| receiver.poll_recv(context))
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

/// The rows of `table` as the text that LOAD DATA reads, in chunks, each with the number of rows up to its end.
pub fn text(table: Table) -> impl Iterator<Item = (Bytes, u64)> {
    let mut name: NameBuffer = [0; _];
    let mut i = 0;
    std::iter::from_fn(move || {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        while i < table.rows && chunk.len() + LINE <= CHUNK {
            let raw = RawRow::draw(table.seed, i, name.len(), &mut name);
            i += 1;
            line(&mut chunk, i, &name[..raw.name_len], &raw);
        }
        (!chunk.is_empty()).then(|| (chunk.freeze(), i))
    })
}

fn line(out: &mut BytesMut, id: u64, name: &[u8], raw: &RawRow) {
    decimal(out, id);
    out.extend_from_slice(b"\t");
    out.extend_from_slice(name);
    for time in [raw.create_time, raw.update_time] {
        out.extend_from_slice(b"\t");
        date_time(out, time);
    }
    out.extend_from_slice(b"\n");
}

fn decimal(out: &mut BytesMut, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = digit(number % 10);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Writes a time like `2024-08-20 01:00:00`. A general formatter would take longer than everything else here.
fn date_time(out: &mut BytesMut, unix_seconds: i64) {
    let time = row::time(unix_seconds);
    let year = time.year().unsigned_abs();
    let mut text = *b"yyyy-mm-dd hh:mm:ss";
    let pairs = [
        (0, year / 100),
        (2, year % 100),
        (5, time.month()),
        (8, time.day()),
        (11, time.hour()),
        (14, time.minute()),
        (17, time.second()),
    ];
    for (at, two_digits) in pairs {
        text[at] = digit(u64::from(two_digits / 10));
        text[at + 1] = digit(u64::from(two_digits % 10));
    }
    out.extend_from_slice(&text);
}

fn digit(value: u64) -> u8 {
    b'0' + u8::try_from(value).expect("a decimal digit is below ten")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row;

    #[test]
    fn the_text_is_what_a_formatter_would_write() {
        let table = Table { seed: 3, rows: 5000 };
        let mut written = Vec::new();
        let mut sent = 0;
        for (chunk, rows) in text(table) {
            assert!(chunk.len() <= CHUNK);
            assert!(rows > sent);
            sent = rows;
            written.extend_from_slice(&chunk);
        }
        assert_eq!(sent, table.rows);
        let expected: String = (0..table.rows)
            .map(|i| row(table.seed, i))
            .map(|row| {
                let times =
                    [row.create_time, row.update_time].map(|time| time.naive_utc().to_string());
                format!("{}\t{}\t{}\t{}\n", row.id, row.name, times[0], times[1])
            })
            .collect();
        assert_eq!(String::from_utf8(written).expect("ASCII"), expected);
    }

    #[test]
    fn a_file_name_cannot_end_its_quotes() {
        assert!(load_data_sql(r"it's\here").contains(r"INFILE 'it''s\\here' INTO"));
    }
}
