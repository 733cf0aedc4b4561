//! Reads one HTTP/1.1 response as it arrives (RFC 9112).

use std::mem::MaybeUninit;
use std::ops::Range;

use httparse::{Header, ParserConfig, Status};

/// A head with more headers than this is unreadable,
const MAX_HEADERS: usize = 64;
/// and so is a head of more bytes,
const MAX_HEAD: usize = 64 << 10;
/// a line of a chunked body that is longer,
const MAX_LINE: usize = 4 << 10;
/// and a body that is longer: an allocation of that size would fail, and the length is no doubt wrong.
const MAX_BODY: usize = 1 << 30;

/// A complete response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Where in the buffer its content type is; empty if it has none.
    pub content_type: Range<usize>,
    /// Whether the server will close the connection after it.
    pub close: bool,
    /// Where in the buffer its body is.
    pub body: Range<usize>,
    /// Where in the buffer it ends.
    pub end: usize,
}

/// The reason why a response is unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not HTTP.
    Head,
    /// Its length is missing or malformed.
    Length,
}

/// Reads one response. It keeps its place: no byte of a body is looked at again when more of them arrive, whatever the pieces.
///
/// Only an incomplete head is parsed anew with each piece. Nearly all heads arrive whole, and none is large.
#[derive(Debug, Default)]
pub struct Reader {
    /// Absent until the head is complete.
    body: Option<Body>,
}

#[derive(Debug)]
struct Body {
    /// The response, whose body and end are preliminary if it is chunked.
    response: Response,
    /// Absent if the head states the length.
    chunks: Option<Chunks>,
}

impl Reader {
    /// Whether the status and all headers have been read.
    #[must_use]
    pub fn has_head(&self) -> bool {
        self.body.is_some()
    }

    /// Reads on in `buffer`: all that was received of the response so far, with what this reader has moved in it. The data
    /// of a chunked body is joined in place. Returns the response when it is complete; bytes after its end are left as they are.
    ///
    /// # Errors
    /// When the bytes can never become a response, whatever follows.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<Option<Response>, Unreadable> {
        let body = match &mut self.body {
            Some(body) => body,
            None => match read_head(buffer)? {
                Some(body) => self.body.insert(body),
                None => return Ok(None),
            },
        };
        let response = &mut body.response;
        let complete = match &mut body.chunks {
            None => response.end <= buffer.len(),
            Some(chunks) => {
                let complete = chunks.read(buffer)?;
                response.body.end = chunks.joined;
                response.end = chunks.position;
                complete
            }
        };
        Ok(complete.then(|| response.clone()))
    }
}

/// The head at the start of `buffer`; absent while it is incomplete.
fn read_head(buffer: &[u8]) -> Result<Option<Body>, Unreadable> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut []);
    let config = ParserConfig::default();
    let start = match config.parse_response_with_uninit_headers(&mut head, buffer, &mut headers) {
        Ok(Status::Complete(start)) if start <= MAX_HEAD => start,
        Ok(Status::Partial) if buffer.len() <= MAX_HEAD => return Ok(None),
        _ => return Err(Unreadable::Head),
    };
    let status = head.code.ok_or(Unreadable::Head)?;
    let mut content_type = 0..0;
    let (mut says_close, mut says_keep_alive) = (false, false);
    let mut length = None;
    let mut chunked = false;
    for header in head.headers.iter() {
        // The length is compared first: it decides for most names.
        match header.name.len() {
            10 if header.name.eq_ignore_ascii_case("connection") => {
                says_close |= lists(header, b"close");
                says_keep_alive |= lists(header, b"keep-alive");
            }
            12 if header.name.eq_ignore_ascii_case("content-type") => {
                // The value is a part of the buffer.
                let at = header.value.as_ptr().addr() - buffer.as_ptr().addr();
                content_type = at..at + header.value.len();
            }
            14 if header.name.eq_ignore_ascii_case("content-length") => {
                let stated = parse_length(header.value).ok_or(Unreadable::Length)?;
                if length.is_some_and(|length| length != stated) {
                    return Err(Unreadable::Length);
                }
                length = Some(stated);
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                // No other coding was asked for, and none may be applied twice.
                if chunked || !header.value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Unreadable::Length);
                }
                chunked = true;
            }
            _ => {}
        }
    }
    // HTTP/1.0 closes the connection unless it says otherwise.
    let close = says_close || (head.version == Some(0) && !says_keep_alive);
    let (length, chunks) = match (chunked, length) {
        (true, None) => (0, Some(Chunks::new(start))),
        (false, Some(length)) => (length, None),
        // With both, two readers could see two different ends. With neither, only the connection's end would be the body's.
        _ => return Err(Unreadable::Length),
    };
    let end = start + length;
    let response = Response { status, content_type, close, body: start..end, end };
    Ok(Some(Body { response, chunks }))
}

/// Whether a header whose value is a list has `token` in it.
fn lists(header: &Header<'_>, token: &[u8]) -> bool {
    header
        .value
        .split(|byte| *byte == b',')
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(token))
}

/// Accepts nothing but digits, and no length above the largest body.
fn parse_length(value: &[u8]) -> Option<usize> {
    let value = value.trim_ascii();
    if value.is_empty() || value.len() > 9 || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value.iter().fold(0, |length, digit| length * 10 + usize::from(digit - b'0')))
}

/// How far a chunked body has been read.
#[derive(Debug)]
struct Chunks {
    start: usize,
    /// The data lies between `start` and here.
    joined: usize,
    /// The first byte that was not read yet.
    position: usize,
    next: Next,
}

/// What comes next in a chunked body.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// The line that states a chunk's size.
    Size,
    /// The data of a chunk, of which so many bytes are still to come.
    Data(usize),
    /// The line end after them.
    DataEnd,
    /// A trailer, or the empty line that ends the body.
    Trailer,
}

impl Chunks {
    fn new(start: usize) -> Chunks {
        Chunks { start, joined: start, position: start, next: Next::Size }
    }

    /// Reads on. Returns whether the body is complete.
    fn read(&mut self, buffer: &mut [u8]) -> Result<bool, Unreadable> {
        loop {
            let unread = &buffer[self.position..];
            match self.next {
                Next::Size => {
                    let (line, size) = match httparse::parse_chunk_size(unread) {
                        Ok(Status::Complete((line, size))) if line <= MAX_LINE => (line, size),
                        Ok(Status::Partial) if unread.len() <= MAX_LINE => return Ok(false),
                        _ => return Err(Unreadable::Length),
                    };
                    if size > (MAX_BODY - (self.joined - self.start)) as u64 {
                        return Err(Unreadable::Length);
                    }
                    self.position += line;
                    self.next = if size == 0 { Next::Trailer } else { Next::Data(size as usize) };
                }
                Next::Data(left) => {
                    let here = left.min(unread.len());
                    buffer.copy_within(self.position..self.position + here, self.joined);
                    self.joined += here;
                    self.position += here;
                    if here < left {
                        self.next = Next::Data(left - here);
                        return Ok(false);
                    }
                    self.next = Next::DataEnd;
                }
                Next::DataEnd => match unread {
                    [b'\r', b'\n', ..] => {
                        self.position += 2;
                        self.next = Next::Size;
                    }
                    [] | [b'\r'] => return Ok(false),
                    _ => return Err(Unreadable::Length),
                },
                Next::Trailer => {
                    let line = match unread.iter().position(|byte| *byte == b'\n') {
                        Some(end) if end < MAX_LINE => &unread[..=end],
                        None if unread.len() < MAX_LINE => return Ok(false),
                        _ => return Err(Unreadable::Length),
                    };
                    if !line.ends_with(b"\r\n") {
                        return Err(Unreadable::Length);
                    }
                    self.position += line.len();
                    if line == b"\r\n" {
                        return Ok(true);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq)]
    struct Outcome {
        response: Response,
        body: Vec<u8>,
    }

    /// What is read from `bytes` that arrive in pieces, which end at `ends`.
    fn read(bytes: &[u8], ends: &[usize]) -> Result<Option<Outcome>, Unreadable> {
        let mut reader = Reader::default();
        let mut buffer = Vec::new();
        for end in ends.iter().copied().filter(|end| *end < bytes.len()).chain([bytes.len()]) {
            buffer.extend_from_slice(&bytes[buffer.len()..end]);
            if let Some(response) = reader.read(&mut buffer)? {
                assert_eq!(buffer[response.end..], bytes[response.end..end], "left as it was");
                let body = buffer[response.body.clone()].to_vec();
                return Ok(Some(Outcome { response, body }));
            }
        }
        Ok(None)
    }

    /// The status, the content type, whether the connection closes, and the body.
    type Parts<'a> = (u16, &'a str, bool, String);

    fn body(text: &str) -> Result<Option<Parts<'_>>, Unreadable> {
        Ok(read(text.as_bytes(), &[])?.map(|Outcome { response, body }| {
            let body = String::from_utf8(body).unwrap();
            (response.status, &text[response.content_type], response.close, body)
        }))
    }

    const PLAIN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n[]";
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\n\r\n3\r\n[{}\r\n1;note=x\r\n]\r\n0\r\nTrailer: x\r\n\r\n";

    #[test]
    fn both_ways_to_state_a_length_are_read() {
        let plain = (200, "application/json; charset=utf-8", false, "[]".into());
        assert_eq!(body(PLAIN), Ok(Some(plain)));
        assert_eq!(body(CHUNKED), Ok(Some((200, "application/json", false, "[{}]".into()))));
    }

    #[test]
    fn a_prefix_is_never_complete_and_never_wrong() {
        for whole in [PLAIN, CHUNKED] {
            for end in 0..whole.len() {
                assert_eq!(body(&whole[..end]), Ok(None), "{:?}", &whole[..end]);
            }
        }
    }

    #[test]
    fn lengths_that_cannot_be_trusted_are_refused() {
        for headers in [
            "",
            "Content-Length: 2\r\nContent-Length: 3\r\n",
            "Content-Length: -2\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
        ] {
            assert_eq!(
                body(&format!("HTTP/1.1 200 OK\r\n{headers}\r\n[]")),
                Err(Unreadable::Length),
                "{headers}"
            );
        }
        let same_twice = PLAIN.replace("Content-Length", "Content-Length: 2\r\nContent-Length");
        assert!(body(&same_twice).unwrap().is_some());
        for (right, wrong) in
            [("[{}\r\n", "[{}XX"), ("3\r\n", "40000001\r\n"), ("Trailer: x\r\n", "Trailer: x\n")]
        {
            assert_eq!(body(&CHUNKED.replace(right, wrong)), Err(Unreadable::Length), "{wrong:?}");
        }
    }

    #[test]
    fn what_has_no_end_is_refused_however_it_arrives() {
        let head = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(MAX_HEAD));
        let line = CHUNKED.replace("note=x", &"x".repeat(MAX_LINE));
        let trailer = CHUNKED.replace("Trailer: x", &"x".repeat(MAX_LINE));
        for (text, error) in
            [(head, Unreadable::Head), (line, Unreadable::Length), (trailer, Unreadable::Length)]
        {
            let ends: Vec<_> = (1..text.len()).step_by(997).collect();
            assert_eq!(read(text.as_bytes(), &ends), Err(error));
            assert_eq!(read(text.as_bytes(), &[]), Err(error));
        }
    }

    #[test]
    fn a_connection_that_will_close_is_known() {
        let closes = |from: &str, to: &str| body(&PLAIN.replacen(from, to, 1)).unwrap().unwrap().2;
        for (header, expected) in [
            ("Connection: close\r\n", true),
            ("Connection: keep-alive, Close\r\n", true),
            ("Connection: close\r\nConnection: keep-alive\r\n", true),
            ("Connection: keep-alive\r\n", false),
            ("Connection: disclose\r\n", false),
        ] {
            assert_eq!(closes("Content", &format!("{header}Content")), expected, "{header}");
        }
        assert!(closes("1.1", "1.0"));
        assert!(!closes("1.1 200 OK\r\n", "1.0 200 OK\r\nConnection: keep-alive\r\n"));
    }

    #[test]
    fn no_byte_is_read_twice() {
        for whole in [PLAIN, CHUNKED] {
            let head = whole.find("\r\n\r\n").unwrap() + 4;
            let mut reader = Reader::default();
            let mut buffer = whole.as_bytes()[..head].to_vec();
            assert_eq!(reader.read(&mut buffer), Ok(None));
            for (index, byte) in whole.bytes().enumerate().skip(head) {
                // What the reader has read may be anything by now.
                let read = reader.body.as_ref().unwrap().chunks.as_ref();
                let read = read.map_or(head, |chunks| chunks.position);
                buffer[..read].fill(b'?');
                buffer.push(byte);
                let complete = reader.read(&mut buffer).unwrap().is_some();
                assert_eq!(complete, index == whole.len() - 1);
            }
        }
    }

    /// A response, right or slightly wrong, and what comes after it.
    fn response() -> impl Strategy<Value = Vec<u8>> {
        let chunk = (prop::collection::vec(any::<u8>(), 1..40), prop::bool::ANY);
        let chunks = prop::collection::vec(chunk, 0..6);
        let trailers = prop::collection::vec("[A-Z]{1,8}: [a-z]{0,9}\r\n", 0..3);
        let chunked = (chunks, trailers).prop_map(|(chunks, trailers)| {
            let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            for (data, extended) in chunks {
                let extension = if extended { ";a=b" } else { "" };
                bytes.extend(format!("{:x}{extension}\r\n", data.len()).bytes());
                bytes.extend(data);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n");
            bytes.extend(trailers.concat().bytes());
            bytes.extend(b"\r\n");
            bytes
        });
        let stated = prop::collection::vec(any::<u8>(), 0..80).prop_map(|body| {
            let head = format!("HTTP/1.1 404 Nothing\r\nContent-Length: {}\r\n\r\n", body.len());
            [head.as_bytes(), &body].concat()
        });
        let next = prop_oneof![
            Just(Vec::new()),
            Just(PLAIN.into()),
            prop::collection::vec(any::<u8>(), 0..20)
        ];
        let fault = prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>()));
        (prop_oneof![chunked, stated], next, fault).prop_map(|(mut bytes, next, fault)| {
            if let Some((at, byte)) = fault {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.extend(next);
            bytes
        })
    }

    proptest! {
        #[test]
        fn pieces_are_read_as_the_whole(
            bytes in response(),
            mut ends in prop::collection::vec(0usize..400, 0..12),
        ) {
            ends.sort_unstable();
            prop_assert_eq!(read(&bytes, &ends), read(&bytes, &[]));
            let each: Vec<usize> = (0..bytes.len()).collect();
            prop_assert_eq!(read(&bytes, &each), read(&bytes, &[]));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, chunked in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(&bytes, &[]);
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            let _ = read(&[head, &chunked[..]].concat(), &[]);
        }
    }
}
