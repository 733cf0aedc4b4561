//! PostgreSQL.
//!
//! A message is one byte of kind, four of length, which counts itself, and the payload; the first messages of a connection
//! have no kind. A query with parameters is the messages Bind and Execute, and Sync, at which the server answers: a round
//! trip. A client may describe or close the portal in between.

use std::{collections::HashMap, fmt::Write as _};

use anyhow::{Result, ensure};
use tokio::task::JoinHandle;
use tokio_postgres::{Config, NoTls, Row, SimpleQueryMessage, Statement, types::ToSql};
use url::Url;

use super::{Asked, Client, Family, Parameter, Rows};
use crate::packets::{
    BEGIN, COMMIT, EXECUTION, IN_TRANSACTION, Messages, Reader, STATEMENT, Sent, Tally,
};

pub(super) struct Postgres;

impl Family for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn variable(&self) -> &'static str {
        "POSTGRES_URL"
    }

    fn default_port(&self) -> u16 {
        5432
    }

    fn connect<'a>(&self, url: &'a Url) -> Asked<'a, Box<dyn Client>> {
        Box::pin(async move {
            let mut config = url.as_str().parse::<Config>()?;
            config.options("-c TimeZone=UTC");
            let (client, connection) = config.connect(NoTls).await?;
            // An error of the connection reaches the client, whose query then fails with it.
            let driving = tokio::spawn(async move { drop(connection.await) });
            let session: Box<dyn Client> =
                Box::new(Session { client, statements: HashMap::new(), driving });
            Ok(session)
        })
    }

    fn time(&self, column: &str) -> String {
        format!("to_char({column}, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
    }

    fn inserted_id(&self) -> &'static str {
        // As a query of its own it is asked for once, and not for each row of the table.
        "(SELECT lastval())"
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::<ClientMessages>::default()
    }

    fn check_reader(&self) -> Result<()> {
        check_reader()
    }
}

struct Session {
    client: tokio_postgres::Client,
    statements: HashMap<String, Statement>,
    driving: JoinHandle<()>,
}

impl Drop for Session {
    fn drop(&mut self) {
        // The driver would wait for the answers that are still due.
        self.driving.abort();
    }
}

impl Client for Session {
    fn execute<'a>(
        &'a mut self,
        statement: &'a str,
        parameters: &'a [Parameter],
    ) -> Asked<'a, Rows> {
        Box::pin(async move {
            let prepared = match self.statements.get(statement).cloned() {
                Some(prepared) => prepared,
                None => {
                    let prepared = self.client.prepare(&numbered(statement)).await?;
                    self.statements.insert(statement.to_owned(), prepared.clone());
                    prepared
                }
            };
            let parameters: Vec<_> = parameters.iter().map(value).collect();
            let rows = self.client.query(&prepared, &parameters).await?;
            rows.iter().map(columns).collect()
        })
    }

    fn text<'a>(&'a mut self, statement: &'a str) -> Asked<'a, Rows> {
        Box::pin(async move {
            let mut rows = Rows::new();
            for message in self.client.simple_query(statement).await? {
                if let SimpleQueryMessage::Row(row) = message {
                    let text = |column: usize| row.get(column).unwrap_or_default().to_owned();
                    rows.push((0..row.len()).map(text).collect());
                }
            }
            Ok(rows)
        })
    }

    fn ping(&mut self) -> Asked<'_, ()> {
        Box::pin(async move { Ok(self.client.batch_execute("").await?) })
    }

    fn reset(&mut self) -> Asked<'_, ()> {
        Box::pin(async move { Ok(self.client.batch_execute("RESET ALL").await?) })
    }
}

fn value(parameter: &Parameter) -> &(dyn ToSql + Sync) {
    match parameter {
        Parameter::Number(number) => number,
        Parameter::Text(text) => text,
    }
}

fn columns(row: &Row) -> Result<Vec<String>> {
    (0..row.len()).map(|column| Ok(row.try_get::<_, String>(column)?)).collect()
}

/// The statement with `$1`, `$2` and so on for each `?`.
fn numbered(statement: &str) -> String {
    let mut numbered = String::new();
    for (number, piece) in statement.split('?').enumerate() {
        if number > 0 {
            write!(numbered, "${number}").expect("writing to memory does not fail");
        }
        numbered.push_str(piece);
    }
    numbered
}

/// The client's side of one connection.
#[derive(Default)]
struct ClientMessages {
    messages: Messages,
    phase: Phase,
    round_trip: RoundTrip,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    /// The client asks for TLS, or begins a session.
    #[default]
    Start,
    Session,
    /// Nothing can be read.
    Opaque,
}

/// What came since the last Sync.
#[derive(Default)]
struct RoundTrip {
    binds: u32,
    executes: u32,
    /// Whether there was anything else that is counted.
    other: bool,
}

impl ClientMessages {
    const CANCEL_REQUEST: u32 = 80_877_102;
    const SSL_REQUEST: u32 = 80_877_103;
    const GSSENC_REQUEST: u32 = 80_877_104;
    /// The protocol's version, without the minor one.
    const VERSION: u32 = 3;

    fn start(&mut self, payload: &[u8], sent: &mut Sent) {
        let code = <[u8; 4]>::try_from(payload).map(u32::from_be_bytes);
        match code {
            // Where the server declines, the client goes on in plain text.
            Ok(Self::SSL_REQUEST | Self::GSSENC_REQUEST) => {}
            Ok(Self::CANCEL_REQUEST) => sent.command("CancelRequest"),
            Ok(code) if code >> 16 == Self::VERSION => self.phase = Phase::Session,
            _ => self.phase = Phase::Opaque,
        }
    }

    fn message(&mut self, kind: u8, payload: &[u8], sent: &mut Sent) {
        let of_statement = payload.first() == Some(&b'S');
        let name = match kind {
            b'B' => {
                self.round_trip.binds += 1;
                return;
            }
            b'E' => {
                self.round_trip.executes += 1;
                return;
            }
            b'S' => return self.sync(sent),
            b'Q' => return sent.text(payload, "Query"),
            // Parts of an execution, and of the login.
            b'C' | b'D' if !of_statement => return,
            b'p' => return,
            b'C' => "Close",
            b'D' => "Describe",
            b'F' => "FunctionCall",
            b'H' => "Flush",
            b'P' => "Parse",
            b'X' => "Terminate",
            _ => "messages without a name here",
        };
        self.round_trip.other = true;
        sent.command(name);
    }

    fn sync(&mut self, sent: &mut Sent) {
        match std::mem::take(&mut self.round_trip) {
            RoundTrip { binds: 1, executes: 1, .. } => sent.execution(),
            RoundTrip { binds: 0, executes: 0, other: false } => sent.command("Sync"),
            // Executions that share a Sync, or the rest of one that was cut in pieces.
            RoundTrip { binds, executes, .. } => {
                (0..binds).for_each(|_| sent.command("Bind"));
                (0..executes).for_each(|_| sent.command("Execute"));
            }
        }
    }
}

impl Reader for ClientMessages {
    fn feed(&mut self, mut bytes: &[u8], sent: &mut Sent) {
        loop {
            let header = match self.phase {
                Phase::Start => 4,
                Phase::Session => 5,
                Phase::Opaque => return,
            };
            let peek = if self.phase == Phase::Start { 4 } else { STATEMENT };
            let Some(message) = self.messages.next(&mut bytes, header, length, peek) else {
                return;
            };
            let payload = &message[header..];
            match self.phase {
                Phase::Start => self.start(payload, sent),
                _ => self.message(message[0], payload, sent),
            }
        }
    }

    fn is_opaque(&self) -> bool {
        self.phase == Phase::Opaque
    }
}

/// The length of the payload, from the last four bytes of the header.
fn length(header: &[u8]) -> usize {
    let length = header.last_chunk::<4>().copied().map_or(0, u32::from_be_bytes);
    usize::try_from(length).map_or(0, |length| length.saturating_sub(4))
}

fn check_reader() -> Result<()> {
    let start = |payload: &[u8]| {
        let length = u32::try_from(payload.len() + 4).unwrap_or(0).to_be_bytes();
        [length.as_slice(), payload].concat()
    };
    let message = |kind: u8, payload: &[u8]| [[kind].as_slice(), &start(payload)].concat();
    let (bind, execute) = (message(b'B', &[0; 300]), message(b'E', &[0; 5]));
    let (sync, portal) = (message(b'S', b""), b"P\0");
    let encryption = start(&ClientMessages::SSL_REQUEST.to_be_bytes());
    let sent = [
        encryption.clone(),
        start(b"\0\x03\0\0user\0kit\0\0"),
        message(b'p', b"SCRAM"),
        [message(b'P', &[7; 70_000]), message(b'D', b"Sname\0"), sync.clone()].concat(),
        [bind.clone(), execute.clone(), sync.clone()].concat(),
        // As libpq executes, which has the portal described.
        [bind.clone(), message(b'D', portal), execute.clone(), sync.clone()].concat(),
        message(b'Q', b"BEGIN\0"),
        // As sqlx executes, which closes the portal.
        [bind.clone(), execute.clone(), message(b'C', portal), sync.clone()].concat(),
        message(b'Q', b"COMMIT\0"),
        message(b'Q', b"SET x = 1\0"),
        sync.clone(),
        [bind.clone(), execute.clone(), bind, execute, sync].concat(),
    ]
    .concat();
    let expected = Tally::of(
        &[
            ("Parse", 1),
            ("Describe", 1),
            ("Query", 1),
            ("Sync", 1),
            ("Bind", 2),
            ("Execute", 2),
            (EXECUTION, 2),
            (IN_TRANSACTION, 1),
            (BEGIN, 1),
            (COMMIT, 1),
        ],
        1,
    );
    for size in [1, 2, 3, 4, 5, 7, 1_000, sent.len()] {
        let (mut messages, mut seen) = (ClientMessages::default(), Sent::default());
        sent.chunks(size).for_each(|piece| messages.feed(piece, &mut seen));
        let seen = seen.tally();
        ensure!(!messages.is_opaque() && *seen == expected, "pieces of {size}: {seen}");
    }
    let mut encrypted = ClientMessages::default();
    let hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    encrypted.feed(&[encryption.as_slice(), &hello].concat(), &mut Sent::default());
    ensure!(encrypted.is_opaque(), "a switch to TLS is not noticed");
    Ok(())
}
