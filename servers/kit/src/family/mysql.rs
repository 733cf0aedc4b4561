//! MySQL and MariaDB.
//!
//! A packet is three bytes of length, one of sequence, and the payload. A command is a client packet whose sequence
//! is 0; the packets of the handshake count on from the server's greeting.

use anyhow::{Result, ensure};
use mysql_async::{
    Conn, Opts, OptsBuilder, Params, Row, Value, from_value_opt, prelude::Queryable as _,
};
use url::Url;

use super::{Asked, Client, Family, Parameter, Rows};
use crate::packets::{
    BEGIN, COMMIT, EXECUTION, IN_TRANSACTION, Messages, Reader, STATEMENT, Sent, Tally,
};

pub(super) struct Mysql;

impl Family for Mysql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn variable(&self) -> &'static str {
        "DATABASE_URL"
    }

    fn default_port(&self) -> u16 {
        3306
    }

    fn connect<'a>(&self, url: &'a Url) -> Asked<'a, Box<dyn Client>> {
        Box::pin(async move {
            let options = OptsBuilder::from_opts(Opts::from_url(url.as_str())?)
                // The driver would ask for the server's Unix socket and go there, where no proxy is.
                .prefer_socket(false)
                .init(vec!["SET time_zone = '+00:00'"]);
            let session: Box<dyn Client> = Box::new(Session(Conn::new(options).await?));
            Ok(session)
        })
    }

    fn time(&self, column: &str) -> String {
        format!("DATE_FORMAT({column}, '%Y-%m-%dT%H:%i:%sZ')")
    }

    fn inserted_id(&self) -> &'static str {
        "LAST_INSERT_ID()"
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::<Packets>::default()
    }

    fn check_reader(&self) -> Result<()> {
        check_reader()
    }
}

struct Session(Conn);

impl Client for Session {
    fn execute<'a>(
        &'a mut self,
        statement: &'a str,
        parameters: &'a [Parameter],
    ) -> Asked<'a, Rows> {
        Box::pin(async move {
            // The driver keeps the statements that it has prepared.
            let parameters: Vec<Value> = parameters.iter().map(value).collect();
            let rows: Vec<Row> = self.0.exec(statement, Params::from(parameters)).await?;
            rows.into_iter().map(columns).collect()
        })
    }

    fn text<'a>(&'a mut self, statement: &'a str) -> Asked<'a, Rows> {
        Box::pin(async move {
            let rows: Vec<Row> = self.0.query(statement).await?;
            rows.into_iter().map(columns).collect()
        })
    }

    fn ping(&mut self) -> Asked<'_, ()> {
        Box::pin(async move { Ok(self.0.ping().await?) })
    }

    fn reset(&mut self) -> Asked<'_, ()> {
        Box::pin(async move {
            self.0.reset().await?;
            Ok(())
        })
    }
}

fn value(parameter: &Parameter) -> Value {
    match parameter {
        Parameter::Number(number) => Value::from(*number),
        Parameter::Text(text) => Value::from(text.as_str()),
    }
}

fn columns(row: Row) -> Result<Vec<String>> {
    row.unwrap().into_iter().map(|value| Ok(from_value_opt::<String>(value)?)).collect()
}

/// The name of a command by its first byte.
fn name(command: u8) -> &'static str {
    match command {
        0x01 => "COM_QUIT",
        0x02 => "COM_INIT_DB",
        0x0e => "COM_PING",
        0x16 => "COM_STMT_PREPARE",
        0x18 => "COM_STMT_SEND_LONG_DATA",
        0x19 => "COM_STMT_CLOSE",
        0x1a => "COM_STMT_RESET",
        0x1b => "COM_SET_OPTION",
        0x1c => "COM_STMT_FETCH",
        0x1f => "COM_RESET_CONNECTION",
        _ => "commands without a name here",
    }
}

/// The bytes before the payload: length and sequence.
const HEADER: usize = 4;

/// The client's side of one connection.
#[derive(Default)]
struct Packets {
    messages: Messages,
    greeted: bool,
    opaque: bool,
}

impl Packets {
    const COM_QUERY: u8 = 0x03;
    const COM_STMT_EXECUTE: u8 = 0x17;
    const CLIENT_COMPRESS: u8 = 0x20;
    const CLIENT_SSL: u8 = 0x08; // in the second byte

    fn packet(&mut self, packet: &[u8], sent: &mut Sent) {
        let (header, payload) = packet.split_at(HEADER);
        if !self.greeted {
            if let [low, high, ..] = *payload {
                self.opaque = low & Self::CLIENT_COMPRESS != 0 || high & Self::CLIENT_SSL != 0;
                self.greeted = true;
            }
        } else if header[3] == 0
            && let Some((&command, rest)) = payload.split_first()
        {
            match command {
                Self::COM_QUERY => sent.text(rest, "COM_QUERY"),
                Self::COM_STMT_EXECUTE => sent.execution(),
                other => sent.command(name(other)),
            }
        }
    }
}

impl Reader for Packets {
    fn feed(&mut self, mut bytes: &[u8], sent: &mut Sent) {
        // Of a command, its byte and the statement after it; of the handshake, at least its capability flags.
        while !self.opaque
            && let Some(packet) = self.messages.next(&mut bytes, HEADER, length, 1 + STATEMENT)
        {
            self.packet(&packet, sent);
        }
    }

    fn is_opaque(&self) -> bool {
        self.opaque
    }
}

fn length(header: &[u8]) -> usize {
    usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16
}

fn check_reader() -> Result<()> {
    let packet = |sequence: u8, payload: &[u8]| {
        let [a, b, c, _] = u32::try_from(payload.len()).unwrap_or(0).to_le_bytes();
        [&[a, b, c, sequence], payload].concat()
    };
    let long = |command: u8| [[command].as_slice(), &[0x0e; 70_000]].concat();
    // The handshake's flags, an answer to its challenge, long commands, short ones, and a transaction.
    let sent = [
        packet(1, &[0x0d, 0xa2, 0, 0, 9, 9]),
        packet(3, &[0x17; 20]),
        packet(0, &long(0x16)),
        packet(0, &[0x17, 1, 0, 0, 0]),
        packet(0, &[0x0e]),
        packet(0, &long(0x03)),
        packet(0, b"\x03START TRANSACTION"),
        packet(0, &[0x17, 1, 0, 0, 0]),
        packet(0, b"\x03\x00\x01commit;"),
        packet(0, b"\x03BEGIN; DROP TABLE t"),
        packet(0, &[0x17, 1, 0, 0, 0]),
    ]
    .concat();
    let expected = Tally::of(
        &[
            ("COM_STMT_PREPARE", 1),
            ("COM_PING", 1),
            ("COM_QUERY", 2),
            (EXECUTION, 2),
            (IN_TRANSACTION, 1),
            (BEGIN, 1),
            (COMMIT, 1),
        ],
        1,
    );
    for size in [1, 2, 3, 4, 5, 7, 1_000, sent.len()] {
        let (mut packets, mut seen) = (Packets::default(), Sent::default());
        sent.chunks(size).for_each(|piece| packets.feed(piece, &mut seen));
        let seen = seen.tally();
        ensure!(!packets.opaque && *seen == expected, "pieces of {size}: {seen}");
    }
    let mut encrypted = Packets::default();
    encrypted.feed(&packet(1, &[0x05, 0xae]), &mut Sent::default());
    ensure!(encrypted.is_opaque(), "a switch to TLS is not noticed");
    Ok(())
}
