//! One row, drawn from the seed and its index alone.
//!
//! The recipe, so that it can be repeated in any language: take the ChaCha8 key stream whose key is the seed as
//! eight little-endian bytes followed by the 24 bytes of [`DOMAIN`], and whose 64-bit stream number (nonce) is the
//! row's index. Its first eight bytes are two little-endian words: the upper 26 bits of the first are `create_time`
//! in seconds after [`EPOCH`], the upper 24 bits of the second are the seconds from there to `update_time`. Of the
//! bytes that follow, the first one below 253 is the name's length minus one. After it, each byte below 228 gives
//! one character, `ALPHABET[byte % 76]`. Bytes at or above a limit are skipped, which keeps every draw uniform.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use serde::{Deserialize, Serialize};

/// The characters of a name, each as likely as any other.
pub const ALPHABET: &[u8; 76] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*()_+=-";

/// The lengths of a name in characters, each as likely as any other.
pub const NAME_LEN: RangeInclusive<usize> = 1..=LONGEST;

const LONGEST: usize = 253;

/// Keeps these key streams apart from any other use of the same seed.
const DOMAIN: &[u8; 24] = b"stackmark demo_data v1\0\0";

/// 2022-01-01T00:00:00Z. With the widths below, every time lies before 2024-09: in the past for good.
const EPOCH: i64 = 1_640_995_200;
const CREATE_BITS: u32 = 26;
const UPDATE_BITS: u32 = 24;

/// A row of the table. It serialises to the JSON row of the servers, with times as RFC 3339 in UTC and whole seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The primary key, from 1 without gaps.
    pub id: u64,
    /// 1 to 253 characters of [`ALPHABET`].
    pub name: String,
    /// When the row was made, in whole seconds.
    pub create_time: DateTime<Utc>,
    /// When the row was last changed, in whole seconds; never before `create_time`.
    pub update_time: DateTime<Utc>,
}

/// The row at index `i`, counted from 0; its id is `i + 1`.
///
/// ```
/// let row = demo_data::row(demo_data::SEED, 41);
/// assert_eq!(row.id, 42);
/// assert!(row.update_time >= row.create_time);
/// ```
pub fn row(seed: u64, i: u64) -> Row {
    let mut name = [0; LONGEST + 1];
    let drawn = RawRow::draw(seed, i, LONGEST, &mut name);
    Row {
        id: i + 1,
        name: str::from_utf8(&name[..drawn.name_len]).expect("the alphabet is ASCII").to_owned(),
        create_time: time(drawn.create_time),
        update_time: time(drawn.update_time),
    }
}

/// The length of the name at index `i` in characters, without drawing the name.
pub fn name_len(seed: u64, i: u64) -> usize {
    RawRow::draw(seed, i, 0, &mut [0; LONGEST + 1]).name_len
}

/// The moment that a drawn word stands for, in Unix seconds.
pub(crate) fn moment(word: u32) -> i64 {
    EPOCH + i64::from(word >> (u32::BITS - CREATE_BITS))
}

pub(crate) fn time(unix_seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(unix_seconds, 0).expect("a date between 2022 and 2024 exists")
}

/// A row before its name is a string and its times are dates: what bulk users need, without an allocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawRow {
    pub(crate) name_len: usize,
    /// Unix seconds.
    pub(crate) create_time: i64,
    /// Unix seconds.
    pub(crate) update_time: i64,
}

/// Room for the longest name and the one byte that `draw` may write beyond it.
pub(crate) type NameBuffer = [u8; LONGEST + 1];

impl RawRow {
    /// Draws row `i`, and at most `limit` characters of its name into `name`.
    pub(crate) fn draw(seed: u64, i: u64, limit: usize, name: &mut NameBuffer) -> RawRow {
        let mut bytes = KeyStream::new(seed, DOMAIN, i);
        let create_time = moment(bytes.word());
        let update_time = create_time + i64::from(bytes.word() >> (u32::BITS - UPDATE_BITS));
        let name_len = loop {
            let byte = usize::from(bytes.byte());
            if byte < LONGEST {
                break byte + 1;
            }
        };
        bytes.characters(&mut name[..=name_len.min(limit)]);
        RawRow { name_len, create_time, update_time }
    }
}

/// The bytes of one ChaCha8 stream, in the pieces the generator makes at a time.
pub(crate) struct KeyStream {
    rng: ChaCha8Rng,
    block: [u8; 256],
    used: usize,
}

impl KeyStream {
    pub(crate) fn new(seed: u64, domain: &[u8; 24], stream: u64) -> KeyStream {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..].copy_from_slice(domain);
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(stream);
        let mut block = [0; 256];
        rng.fill_bytes(&mut block);
        KeyStream { rng, block, used: 0 }
    }

    pub(crate) fn word(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    fn byte(&mut self) -> u8 {
        if self.used == self.block.len() {
            self.rng.fill_bytes(&mut self.block);
            self.used = 0;
        }
        self.used += 1;
        self.block[self.used - 1]
    }

    /// Fills all of `name` but its last byte, which is scratch: each byte is written first and kept or overwritten
    /// after, because a branch that fails one time in nine costs more than a store.
    pub(crate) fn characters(&mut self, name: &mut [u8]) {
        let wanted = name.len() - 1;
        let mut drawn = 0;
        while drawn < wanted {
            let character = CHARACTER[usize::from(self.byte())];
            name[drawn] = character;
            drawn += usize::from(character != REJECTED);
        }
    }
}

const REJECTED: u8 = 0;

/// The character that each byte stands for, or [`REJECTED`].
const CHARACTER: [u8; 256] = {
    let mut table = [REJECTED; 256];
    let mut byte = 0;
    while byte < table.len() - table.len() % ALPHABET.len() {
        table[byte] = ALPHABET[byte % ALPHABET.len()];
        byte += 1;
    }
    table
};
