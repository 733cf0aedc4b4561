//! What it costs to read a long answer that arrives in pieces: nanoseconds per byte, in this process, without a network.

use std::hint::black_box;
use std::time::Instant;

const BODY: usize = 20 << 10;
const CHUNK: usize = 1 << 10;
const PIECES: [usize; 2] = [16 << 10, 4 << 10];
/// An odd number: the median is one of them.
const ROUNDS: usize = 15;
const ANSWERS: u32 = 5_000;

/// The parser that is measured. To measure another one, only this module is replaced.
mod parser {
    use stackmark::load::response::Reader;

    #[derive(Default)]
    pub(super) struct Parser(Reader);

    impl Parser {
        /// Reads on in what has arrived. Returns the length of the body when it is complete.
        pub(super) fn read(&mut self, arrived: &mut [u8]) -> Option<usize> {
            let response = self.0.read(arrived).expect("the answers are HTTP");
            response.map(|response| response.body.len())
        }
    }
}

pub(crate) fn measure() {
    println!(
        "\n## Reading an answer of {} KiB, median of {ROUNDS} rounds of {ANSWERS}\n",
        BODY >> 10
    );
    println!("| answer | pieces KiB | ns/byte | of it copying |\n|---|---|---|---|");
    for (name, answer) in [("content-length", stated()), ("chunked, 1 KiB each", chunked())] {
        for piece in PIECES {
            let mut buffer = vec![0; 2 * answer.len()];
            let read = median(|| read(&answer, piece, &mut buffer), answer.len());
            let copied = median(|| copy(&answer, piece, &mut buffer), answer.len());
            println!("| {name} | {} | {read:.3} | {copied:.3} |", piece >> 10);
        }
    }
}

/// Reads `answer` in pieces as large as `piece`, each from where it is copied to, as the kernel would.
fn read(answer: &[u8], piece: usize, buffer: &mut [u8]) {
    let mut parser = parser::Parser::default();
    let mut body = None;
    let mut filled = 0;
    for part in answer.chunks(piece) {
        buffer[filled..filled + part.len()].copy_from_slice(part);
        filled += part.len();
        body = parser.read(&mut buffer[..filled]);
    }
    assert_eq!(body, Some(BODY), "the answer is read whole");
}

/// Only the copying of [`read`].
fn copy(answer: &[u8], piece: usize, buffer: &mut [u8]) {
    let mut filled = 0;
    for part in answer.chunks(piece) {
        buffer[filled..filled + part.len()].copy_from_slice(part);
        filled += part.len();
        black_box(&mut buffer[..filled]);
    }
}

/// Nanoseconds per byte of an answer of so many bytes.
fn median(mut answer: impl FnMut(), bytes: usize) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..ANSWERS).for_each(|_| answer());
            start.elapsed().as_nanos() as f64 / f64::from(ANSWERS) / bytes as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: Sat, 01 Jan 2000 00:00:00 GMT\r\n";

fn stated() -> Vec<u8> {
    let mut answer = format!("{HEAD}content-length: {BODY}\r\n\r\n").into_bytes();
    answer.resize(answer.len() + BODY, b' ');
    answer
}

fn chunked() -> Vec<u8> {
    let mut answer = format!("{HEAD}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for _ in 0..BODY / CHUNK {
        answer.extend(format!("{CHUNK:x}\r\n").bytes());
        answer.resize(answer.len() + CHUNK, b' ');
        answer.extend(b"\r\n");
    }
    answer.extend(b"0\r\n\r\n");
    answer
}
