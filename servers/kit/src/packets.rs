//! What clients send to their databases, read from the bytes that pass and counted.

use std::{collections::BTreeMap, fmt, mem};

/// Executions of a prepared statement outside of a transaction, each a round trip of its own.
pub(crate) const EXECUTION: &str = "executions";
/// Executions of a prepared statement within a transaction, each a round trip of its own.
pub(crate) const IN_TRANSACTION: &str = "executions in a transaction";
/// Statements, sent as text, that begin a transaction.
pub(crate) const BEGIN: &str = "BEGIN";
/// Statements, sent as text, that commit one.
pub(crate) const COMMIT: &str = "COMMIT";
/// Statements, sent as text, that roll one back.
const ROLLBACK: &str = "ROLLBACK";

/// The bytes of a statement that are looked at: enough for one that begins or ends a transaction.
pub(crate) const STATEMENT: usize = 64;

/// How often each command was sent. Executions and transactions have one name for all families of databases; any other
/// command has the name that its protocol gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    /// The tally of these commands, each `times` times as often as it says.
    pub(crate) fn of(counts: &[(&'static str, u64)], times: u64) -> Self {
        Self(counts.iter().map(|(command, count)| (*command, count * times)).collect())
    }

    fn record(&mut self, command: &'static str) {
        *self.0.entry(command).or_default() += 1;
    }

    pub(crate) fn count(&self, command: &str) -> u64 {
        self.0.get(command).copied().unwrap_or(0)
    }

    pub(crate) fn sum(&self) -> u64 {
        self.0.values().sum()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (command, count) in &other.0 {
            *self.0.entry(command).or_default() += count;
        }
    }

    /// The commands that were sent since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let grown =
            self.0.iter().map(|(command, count)| (*command, count - earlier.count(command)));
        Self(grown.filter(|(_, count)| *count > 0).collect())
    }

    /// The counts of executions alone.
    pub(crate) fn executions(&self) -> Self {
        let counts = [EXECUTION, IN_TRANSACTION].map(|command| (command, self.count(command)));
        Self(counts.into_iter().filter(|(_, count)| *count > 0).collect())
    }

    /// The counts of all commands but this one.
    pub(crate) fn without(mut self, command: &str) -> Self {
        self.0.remove(command);
        self
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> =
            self.0.iter().map(|(command, count)| format!("{count} {command}")).collect();
        f.write_str(&if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") })
    }
}

/// The commands that a client has sent over one connection.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    tally: Tally,
    in_transaction: bool,
}

impl Sent {
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Counts a command by the protocol's name for it.
    pub(crate) fn command(&mut self, name: &'static str) {
        self.tally.record(name);
    }

    /// Counts an execution of a prepared statement.
    pub(crate) fn execution(&mut self) {
        self.tally.record(if self.in_transaction { IN_TRANSACTION } else { EXECUTION });
    }

    /// Counts a statement that is sent as text, of which the first [`STATEMENT`] bytes are given; `name` is the protocol's
    /// name for the command.
    pub(crate) fn text(&mut self, statement: &[u8], name: &'static str) {
        let word = transaction_word(statement);
        if let Some(word) = word {
            self.in_transaction = word == BEGIN;
        }
        self.tally.record(word.unwrap_or(name));
    }
}

/// The word for a statement that does nothing but begin or end a transaction.
fn transaction_word(statement: &[u8]) -> Option<&'static str> {
    const WORDS: [(&str, &str); 4] = [
        ("BEGIN", BEGIN),
        ("START TRANSACTION", BEGIN),
        ("COMMIT", COMMIT),
        ("ROLLBACK", ROLLBACK),
    ];
    if statement.len() >= STATEMENT {
        return None;
    }
    let statement = String::from_utf8_lossy(statement).to_uppercase();
    // On MySQL the number of its parameters may come first, on PostgreSQL a zero comes last.
    let statement = statement.trim_matches(|c: char| c <= ' ' || c == ';');
    let is = |words: &str| {
        let rest = statement.strip_prefix(words);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let (_, word) = WORDS.into_iter().find(|(words, _)| is(words))?;
    // Of two statements at once, the second could be anything.
    (!statement.contains(';')).then_some(word)
}

/// Reads the client's side of one connection.
pub(crate) trait Reader: Send {
    /// Takes the next bytes, in whatever pieces the network delivers, and counts the commands in them.
    fn feed(&mut self, bytes: &[u8], sent: &mut Sent);

    /// Whether the client switched to TLS or compression, so that nothing can be read.
    fn is_opaque(&self) -> bool;
}

/// Cuts a stream of bytes into messages, and keeps no more of each than is looked at.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    pending: Vec<u8>,
    /// Bytes of the last message that are still to come and are not looked at.
    skip: usize,
}

impl Messages {
    /// Takes from `bytes` what is missing of the next message: its header, and of its payload, whose length the header
    /// tells, at most `peek` bytes. None if it is still incomplete when the bytes are used up.
    pub(crate) fn next(
        &mut self,
        bytes: &mut &[u8],
        header: usize,
        length: fn(&[u8]) -> usize,
        peek: usize,
    ) -> Option<Vec<u8>> {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        *bytes = &bytes[skipped..];
        self.take(bytes, header)?;
        let length = length(&self.pending[..header]);
        let seen = length.min(peek);
        self.take(bytes, header + seen)?;
        self.skip = length - seen;
        Some(mem::take(&mut self.pending))
    }

    /// Takes from `bytes` until `wanted` of a message are there; none if they are not.
    fn take(&mut self, bytes: &mut &[u8], wanted: usize) -> Option<()> {
        let taken = wanted.saturating_sub(self.pending.len()).min(bytes.len());
        self.pending.extend_from_slice(&bytes[..taken]);
        *bytes = &bytes[taken..];
        (self.pending.len() >= wanted).then_some(())
    }
}
