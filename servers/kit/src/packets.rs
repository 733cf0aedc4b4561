//! What a MySQL client sends, read packet by packet.
//!
//! A packet is three bytes of length, one of sequence, and the payload. A command is the one client packet
//! whose sequence is 0; the packets of the handshake count on from the server's greeting.

use std::{collections::BTreeMap, fmt};

use anyhow::{Result, ensure};

/// A command's first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Command(pub(crate) u8);

impl Command {
    /// COM_STMT_EXECUTE
    pub(crate) const EXECUTE: Self = Self(0x17);
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            0x01 => "COM_QUIT",
            0x02 => "COM_INIT_DB",
            0x03 => "COM_QUERY",
            0x0e => "COM_PING",
            0x16 => "COM_STMT_PREPARE",
            0x17 => "COM_STMT_EXECUTE",
            0x18 => "COM_STMT_SEND_LONG_DATA",
            0x19 => "COM_STMT_CLOSE",
            0x1a => "COM_STMT_RESET",
            0x1b => "COM_SET_OPTION",
            0x1c => "COM_STMT_FETCH",
            0x1f => "COM_RESET_CONNECTION",
            other => return write!(f, "command 0x{other:02x}"),
        };
        f.write_str(name)
    }
}

/// How often each command was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally(pub(crate) BTreeMap<Command, u64>);

impl Tally {
    pub(crate) fn count(&self, command: Command) -> u64 {
        self.0.get(&command).copied().unwrap_or(0)
    }

    pub(crate) fn sum(&self) -> u64 {
        self.0.values().sum()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (command, count) in &other.0 {
            *self.0.entry(*command).or_default() += count;
        }
    }

    /// What was sent since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let grown =
            self.0.iter().map(|(command, count)| (*command, count - earlier.count(*command)));
        Self(grown.filter(|(_, count)| *count > 0).collect())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> =
            self.0.iter().map(|(command, count)| format!("{count} {command}")).collect();
        f.write_str(
            if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") }.as_str(),
        )
    }
}

/// The client's side of one connection, fed in whatever pieces the network makes of it.
#[derive(Default)]
pub(crate) struct ClientStream {
    pending: Vec<u8>,
    /// Payload bytes of the current packet still to come, which nobody looks at.
    skip: usize,
    greeted: bool,
    opaque: bool,
    pub(crate) commands: Tally,
}

impl ClientStream {
    /// Header, and the handshake's capability flags or the command byte behind it.
    const HEADER: usize = 4;
    const CLIENT_COMPRESS: u8 = 0x20;
    const CLIENT_SSL: u8 = 0x08; // in the second byte

    /// Whether the client switched to TLS or compression, so that no packet can be read.
    pub(crate) fn is_opaque(&self) -> bool {
        self.opaque
    }

    pub(crate) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.opaque {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            let wanted = Self::HEADER + self.peek();
            let taken = wanted.saturating_sub(self.pending.len()).min(bytes.len());
            self.pending.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            // The header says how much of the payload there is to look at.
            if self.pending.len() == Self::HEADER + self.peek() {
                self.packet();
            }
        }
    }

    /// Payload bytes to look at: none before the header is whole.
    fn peek(&self) -> usize {
        if self.pending.len() < Self::HEADER {
            return 0;
        }
        self.length().min(if self.greeted { 1 } else { 2 })
    }

    fn length(&self) -> usize {
        let [a, b, c, ..] = self.pending[..] else {
            return 0;
        };
        usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16
    }

    fn packet(&mut self) {
        let payload = &self.pending[Self::HEADER..];
        if self.greeted {
            if self.pending[3] == 0
                && let Some(&command) = payload.first()
            {
                *self.commands.0.entry(Command(command)).or_default() += 1;
            }
        } else if let [low, high] = *payload {
            self.opaque = low & Self::CLIENT_COMPRESS != 0 || high & Self::CLIENT_SSL != 0;
            self.greeted = true;
        }
        self.skip = self.length() - payload.len();
        self.pending.clear();
    }
}

/// Tries the reader itself: the same commands are seen in whatever pieces they come.
pub(crate) fn check_reader() -> Result<()> {
    let packet = |sequence: u8, payload: &[u8]| {
        let [a, b, c, _] = u32::try_from(payload.len()).unwrap_or(0).to_le_bytes();
        [&[a, b, c, sequence], payload].concat()
    };
    // The handshake's flags, an answer to its challenge, a long and an empty-handed command.
    let sent = [
        packet(1, &[0x0d, 0xa2, 0, 0, 9, 9]),
        packet(3, &[0x17; 20]),
        packet(0, &[[0x16].as_slice(), &[0x0e; 70_000]].concat()),
        packet(0, &[0x17, 1, 0, 0, 0]),
        packet(0, &[0x0e]),
        packet(0, &[0x17, 1, 0, 0, 0]),
    ]
    .concat();
    for size in [1, 2, 3, 4, 5, 7, 1_000, sent.len()] {
        let mut stream = ClientStream::default();
        sent.chunks(size).for_each(|piece| stream.feed(piece));
        let seen = stream.commands.to_string();
        ensure!(
            !stream.opaque && seen == "1 COM_PING, 1 COM_STMT_PREPARE, 2 COM_STMT_EXECUTE",
            "pieces of {size}: {seen}"
        );
    }
    let mut encrypted = ClientStream::default();
    encrypted.feed(&packet(1, &[0x05, 0xae]));
    ensure!(encrypted.is_opaque(), "a switch to TLS is not noticed");
    Ok(())
}
