//! What is asked: the bytes of each request, drawn from the seed.

use std::net::SocketAddr;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::spec::LoadSpec;
use crate::definition::scenario::Asks;

/// What a request asks for, kept until its answer is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A name that the server draws.
    RandomName,
    /// The name of the row with this index.
    RowNamed(u64),
    /// Nothing.
    Nothing,
}

/// Draws the requests of one shard, in an order that only the seed decides.
#[derive(Debug)]
pub struct Requests {
    rng: ChaCha12Rng,
    asks: Asks,
    /// Up to and including the path.
    start: String,
    /// From the space after the target on.
    end: String,
}

impl Requests {
    /// For one shard.
    #[must_use]
    pub fn new(spec: &LoadSpec) -> Requests {
        let mut rng = ChaCha12Rng::seed_from_u64(spec.seed);
        // Streams below 2^32 are the arrivals'.
        rng.set_stream((1 << 32) + u64::from(spec.shard.index));
        Requests {
            rng,
            asks: spec.asks,
            start: format!("GET {}", spec.path),
            end: tail(spec.address),
        }
    }

    /// Writes the next request into `bytes`, and says what it asks.
    pub fn next(&mut self, bytes: &mut Vec<u8>) -> Question {
        let question = match self.asks {
            Asks::RandomName => Question::RandomName,
            Asks::GivenName => Question::RowNamed(self.rng.random_range(0..demo_data::ROWS)),
            Asks::Nothing => Question::Nothing,
        };
        let Question::RowNamed(index) = question else {
            // Every request is the same: the buffer holds it from the second one on.
            if bytes.is_empty() {
                bytes.extend_from_slice(self.start.as_bytes());
                bytes.extend_from_slice(self.end.as_bytes());
            }
            return question;
        };
        bytes.clear();
        bytes.extend_from_slice(self.start.as_bytes());
        bytes.extend_from_slice(b"?name=");
        percent_encode(demo_data::row(demo_data::SEED, index).name.as_bytes(), bytes);
        bytes.extend_from_slice(self.end.as_bytes());
        question
    }
}

fn tail(address: SocketAddr) -> String {
    format!(" HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\n\r\n")
}

/// Percent-encodes all but RFC 3986's unreserved characters.
pub(crate) fn percent_encode(text: &[u8], into: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(byte);
        } else {
            into.extend_from_slice(&[
                b'%',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::warmup::Warmup;
    use crate::load::spec::{Pace, SLICE, Shard};
    use crate::units::Nanos;

    fn requests(asks: Asks, index: u32) -> Requests {
        Requests::new(&LoadSpec {
            address: "127.0.0.1:80".parse().unwrap(),
            path: "/demo".into(),
            asks,
            has_rows: true,
            users: 1,
            pace: Pace::Closed,
            shard: Shard { index, count: 2 },
            warmup: Warmup::fixed(Nanos(0)),
            window: Nanos(1),
            timeout: Nanos(1),
            seed: 9,
            slice: SLICE,
        })
    }

    fn draw(asks: Asks, index: u32) -> Vec<(Question, Vec<u8>)> {
        let mut requests = requests(asks, index);
        let mut bytes = Vec::new();
        (0..50).map(|_| (requests.next(&mut bytes), bytes.clone())).collect()
    }

    #[test]
    fn a_given_name_is_a_rows_name_percent_encoded() {
        for (question, bytes) in draw(Asks::GivenName, 0) {
            let Question::RowNamed(index) = question else { panic!("{question:?}") };
            let text = String::from_utf8(bytes).unwrap();
            let target = text.strip_prefix("GET /demo?name=").unwrap().split(' ').next().unwrap();
            let name = demo_data::row(demo_data::SEED, index).name;
            let decoded: String = url_decode(target);
            assert_eq!(decoded, name);
            assert!(text.ends_with("\r\n\r\n"));
        }
    }

    fn url_decode(text: &str) -> String {
        let mut bytes = text.bytes();
        let mut decoded = Vec::new();
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                decoded.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
            } else {
                decoded.push(byte);
            }
        }
        String::from_utf8(decoded).unwrap()
    }

    #[test]
    fn the_order_repeats_exactly_and_differs_between_shards() {
        assert_eq!(draw(Asks::GivenName, 0), draw(Asks::GivenName, 0));
        assert_ne!(draw(Asks::GivenName, 0), draw(Asks::GivenName, 1));
    }

    #[test]
    fn a_random_name_is_the_servers_to_draw() {
        let all = draw(Asks::RandomName, 0);
        assert!(all.iter().all(|(_, bytes)| bytes.starts_with(b"GET /demo HTTP/1.1\r\n")));
    }
}
