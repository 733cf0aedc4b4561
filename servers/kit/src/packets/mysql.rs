//! What a MySQL client sends, read packet by packet.
//!
//! A packet is three bytes of length, one of sequence, and the payload. A command is a client packet whose sequence
//! is 0; the packets of the handshake count on from the server's greeting.

use anyhow::{Result, ensure};

use super::Tally;

/// The command that executes a prepared statement: a lookup.
pub(crate) const LOOKUP: &str = "COM_STMT_EXECUTE";

/// The name of a command by its first byte.
fn name(command: u8) -> &'static str {
    match command {
        0x01 => "COM_QUIT",
        0x02 => "COM_INIT_DB",
        0x03 => "COM_QUERY",
        0x0e => "COM_PING",
        0x16 => "COM_STMT_PREPARE",
        0x17 => LOOKUP,
        0x18 => "COM_STMT_SEND_LONG_DATA",
        0x19 => "COM_STMT_CLOSE",
        0x1a => "COM_STMT_RESET",
        0x1b => "COM_SET_OPTION",
        0x1c => "COM_STMT_FETCH",
        0x1f => "COM_RESET_CONNECTION",
        _ => "commands without a name here",
    }
}

/// The client's side of one connection, fed in whatever pieces the network delivers.
#[derive(Default)]
pub(crate) struct ClientStream {
    pending: Vec<u8>,
    /// Payload bytes of the current packet that are still to come and are not looked at.
    skip: usize,
    greeted: bool,
    opaque: bool,
    pub(crate) commands: Tally,
}

impl ClientStream {
    /// The bytes before the payload: length and sequence.
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

    /// The number of payload bytes to look at, none before the header is whole: the handshake's capability flags, or the
    /// command's byte.
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
                self.commands.record(name(command));
            }
        } else if let [low, high] = *payload {
            self.opaque = low & Self::CLIENT_COMPRESS != 0 || high & Self::CLIENT_SSL != 0;
            self.greeted = true;
        }
        self.skip = self.length() - payload.len();
        self.pending.clear();
    }
}

/// Tries the reader itself: it sees the same commands in whatever pieces they come.
pub(crate) fn check_reader() -> Result<()> {
    let packet = |sequence: u8, payload: &[u8]| {
        let [a, b, c, _] = u32::try_from(payload.len()).unwrap_or(0).to_le_bytes();
        [&[a, b, c, sequence], payload].concat()
    };
    // The handshake's flags, an answer to its challenge, a long command, and short ones.
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
            !stream.opaque && seen == "1 COM_PING, 2 COM_STMT_EXECUTE, 1 COM_STMT_PREPARE",
            "pieces of {size}: {seen}"
        );
    }
    let mut encrypted = ClientStream::default();
    encrypted.feed(&packet(1, &[0x05, 0xae]));
    ensure!(encrypted.is_opaque(), "a switch to TLS is not noticed");
    Ok(())
}
