//! The rows as text: a line a row, with tabs between the columns, which both families' bulk loads read. No character of
//! a name, a number or a time needs escaping.

use bytes::{Bytes, BytesMut};
use chrono::{Datelike, Timelike};
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::{JoinHandle, spawn_blocking};

use super::Table;
use crate::row::{self, NameBuffer, RawRow};

/// The size of a chunk in bytes: large enough to keep the cost per packet low, and below the smallest
/// max_allowed_packet of MySQL.
const CHUNK: usize = 512 * 1024;
/// The length of the longest line: an id, a name, two times.
const LINE: usize = 20 + 253 + 2 * 19 + 4;
/// The number of chunks drawn ahead of the network.
const AHEAD: usize = 4;

/// The chunks of [`text`], drawn on a thread of their own while the server works, and that thread.
pub(super) fn drawn(table: Table) -> (Receiver<(Bytes, u64)>, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let drawing = spawn_blocking(move || {
        for chunk in text(table) {
            // A failure means that the load has failed, which reports its own error.
            if sender.blocking_send(chunk).is_err() {
                break;
            }
        }
    });
    (receiver, drawing)
}

/// The rows of `table` in chunks, each with the number of rows up to its end.
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
}
