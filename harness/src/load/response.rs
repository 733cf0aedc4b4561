//! Reads one HTTP/1.1 response from the bytes received so far (RFC 9112).

use std::ops::Range;

/// How far a response has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are needed; whether its head is complete.
    Partial {
        /// Whether the status and all headers are there.
        head: bool,
    },
    /// All of it is there.
    Complete(Response),
}

/// A complete response.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Whether its content type is JSON.
    pub json: bool,
    /// Whether the server will close the connection after it.
    pub close: bool,
    /// Where in the buffer its body is.
    pub body: Range<usize>,
    /// Where in the buffer it ends.
    pub end: usize,
}

/// What makes a response unreadable.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Not HTTP.
    Head,
    /// Its length is not told, or told wrongly.
    Length,
}

/// Reads the response at the start of `buffer`. A chunked body is joined in place.
///
/// # Errors
/// When it can never become a response, whatever follows.
pub fn read(buffer: &mut [u8]) -> Result<Progress, Unreadable> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut headers);
    let start = match head.parse(buffer) {
        Ok(httparse::Status::Complete(start)) => start,
        Ok(httparse::Status::Partial) => return Ok(Progress::Partial { head: false }),
        Err(_) => return Err(Unreadable::Head),
    };
    let status = head.code.ok_or(Unreadable::Head)?;
    // HTTP/1.0 closes unless it says otherwise.
    let mut close = head.version == Some(0);
    let mut json = false;
    let mut length = None;
    let mut chunked = false;
    for header in head.headers.iter() {
        // By length first: most names are completed without a comparison.
        match header.name.len() {
            10 if header.name.eq_ignore_ascii_case("connection") => {
                close = header.value.eq_ignore_ascii_case(b"close");
            }
            12 if header.name.eq_ignore_ascii_case("content-type") => json = is_json(header.value),
            14 if header.name.eq_ignore_ascii_case("content-length") => {
                let told = parse_length(header.value).ok_or(Unreadable::Length)?;
                if length.is_some_and(|length| length != told) {
                    return Err(Unreadable::Length);
                }
                length = Some(told);
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                chunked = header.value.eq_ignore_ascii_case(b"chunked");
            }
            _ => {}
        }
    }
    let (body, end) = match (chunked, length) {
        (true, None) => match join_chunks(&mut buffer[start..])? {
            Some((length, consumed)) => (start..start + length, start + consumed),
            None => return Ok(Progress::Partial { head: true }),
        },
        (false, Some(length)) => (start..start + length, start + length),
        // Both is a smuggler's message; neither has no end but the connection's.
        _ => return Err(Unreadable::Length),
    };
    if end > buffer.len() {
        return Ok(Progress::Partial { head: true });
    }
    Ok(Progress::Complete(Response { status, json, close, body, end }))
}

fn is_json(value: &[u8]) -> bool {
    let kind = value.split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

/// Digits only, and at most a gigabyte: more is a lie, or would be an allocation too far.
fn parse_length(value: &[u8]) -> Option<usize> {
    let value = value.trim_ascii();
    if value.is_empty() || value.len() > 9 || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value.iter().fold(0, |length, digit| length * 10 + usize::from(digit - b'0')))
}

/// Moves the chunks' data together at the start of `body`, if the last chunk is there. Returns the
/// length of the data, and how many bytes the chunks took.
fn join_chunks(body: &mut [u8]) -> Result<Option<(usize, usize)>, Unreadable> {
    // First all boundaries, so that nothing is moved before everything is there.
    let mut chunks = Vec::new();
    let mut at = 0;
    loop {
        let (head, size) = match httparse::parse_chunk_size(&body[at..]) {
            Ok(httparse::Status::Complete((head, size))) => (head, size as usize),
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(Unreadable::Length),
        };
        if size > 1 << 30 {
            return Err(Unreadable::Length);
        }
        let data = at + head..at + head + size;
        let next = data.end + 2;
        if size == 0 {
            // Trailers are allowed and ignored; an empty line ends them.
            let rest = &body[at + head..];
            if rest.starts_with(b"\r\n") {
                at += head + 2;
            } else if let Some(end) = rest.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                at += head + end + 4;
            } else {
                return Ok(None);
            }
            break;
        }
        match body.get(data.end..next) {
            None => return Ok(None),
            Some(b"\r\n") => {}
            Some(_) => return Err(Unreadable::Length),
        }
        chunks.push(data);
        at = next;
    }
    let mut length = 0;
    for chunk in chunks {
        let size = chunk.len();
        body.copy_within(chunk, length);
        length += size;
    }
    Ok(Some((length, at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn body(text: &str) -> Result<Option<(u16, bool, bool, String)>, Unreadable> {
        let mut buffer = text.as_bytes().to_vec();
        Ok(match read(&mut buffer)? {
            Progress::Partial { .. } => None,
            Progress::Complete(response) => Some((
                response.status,
                response.json,
                response.close,
                String::from_utf8(buffer[response.body].to_vec()).unwrap(),
            )),
        })
    }

    const PLAIN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n[]";
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\n\r\n3\r\n[{}\r\n1;note=x\r\n]\r\n0\r\nTrailer: x\r\n\r\n";

    #[test]
    fn both_ways_to_tell_a_length_are_read() {
        assert_eq!(body(PLAIN), Ok(Some((200, true, false, "[]".into()))));
        assert_eq!(body(CHUNKED), Ok(Some((200, true, false, "[{}]".into()))));
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
        ] {
            assert_eq!(
                body(&format!("HTTP/1.1 200 OK\r\n{headers}\r\n[]")),
                Err(Unreadable::Length),
                "{headers}"
            );
        }
        let torn = CHUNKED.replace("[{}\r\n", "[{}XX");
        assert_eq!(body(&torn), Err(Unreadable::Length));
    }

    #[test]
    fn closing_is_told() {
        let close = PLAIN.replace("Content-Length", "Connection: close\r\nContent-Length");
        assert!(body(&close).unwrap().unwrap().2);
        assert!(body(&PLAIN.replace("1.1", "1.0")).unwrap().unwrap().2);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes: Vec<u8>, chunked in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(&mut bytes);
            let mut after = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            after.extend(chunked);
            let _ = read(&mut after);
        }
    }
}
