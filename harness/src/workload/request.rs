//! The bytes of a request. All requests are written here, so that none looks different from another of its kind.

use std::net::SocketAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `text` as the value of a parameter: its reserved characters percent-encoded.
#[must_use]
pub fn encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// What all requests of one path share.
#[derive(Clone, Debug)]
pub struct Template {
    /// Up to and including the path.
    start: String,
    /// From the space after the target on.
    end: String,
}

impl Template {
    /// The template of `GET path`.
    #[must_use]
    pub fn get(path: &str, address: SocketAddr) -> Template {
        Template { start: format!("GET {path}"), end: end("GET", address) }
    }

    /// Writes the request into `request`, unless that holds it already.
    pub fn write(&self, request: &mut Vec<u8>) {
        if request.is_empty() {
            request.extend_from_slice(self.start.as_bytes());
            request.extend_from_slice(self.end.as_bytes());
        }
    }

    /// Writes the request for `name` into `request`, in place of what that holds.
    pub fn write_name(&self, name: &str, request: &mut Vec<u8>) {
        self.write_with("?name=", name, request);
    }

    /// Writes the request with this query, which needs no encoding, into `request`, in place of what that holds.
    pub fn write_as_is(&self, query: &str, request: &mut Vec<u8>) {
        request.clear();
        request.extend_from_slice(self.start.as_bytes());
        request.extend_from_slice(query.as_bytes());
        request.extend_from_slice(self.end.as_bytes());
    }

    /// Writes the request whose query ends with `value`, encoded, into `request`, in place of what that holds.
    pub fn write_with(&self, before: &str, value: &str, request: &mut Vec<u8>) {
        request.clear();
        request.extend_from_slice(self.start.as_bytes());
        request.extend_from_slice(before.as_bytes());
        encode(value).for_each(|text| request.extend_from_slice(text.as_bytes()));
        request.extend_from_slice(self.end.as_bytes());
    }
}

/// What all requests that send JSON to one path share.
#[derive(Clone, Debug)]
pub struct Post {
    /// Up to the length of the body.
    head: String,
}

impl Post {
    /// The template of `POST path`.
    #[must_use]
    pub fn json(path: &str, address: SocketAddr) -> Post {
        Post { head: json_head("POST", path, address) }
    }

    /// Writes the request with this body into `request`, in place of what that holds.
    pub fn write(&self, body: &str, request: &mut Vec<u8>) {
        request.clear();
        request.extend_from_slice(self.head.as_bytes());
        request.extend_from_slice(body.len().to_string().as_bytes());
        request.extend_from_slice(b"\r\n\r\n");
        request.extend_from_slice(body.as_bytes());
    }
}

/// A request with a body of JSON.
#[must_use]
pub fn with_json(method: &str, target: &str, address: SocketAddr, body: &str) -> Vec<u8> {
    let head = json_head(method, target, address);
    format!("{head}{}\r\n\r\n{body}", body.len()).into_bytes()
}

fn json_head(method: &str, target: &str, address: SocketAddr) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\n\
         Content-Type: application/json\r\nContent-Length: "
    )
}

/// A request without a body.
#[must_use]
pub fn request(method: &str, target: &str, address: SocketAddr) -> Vec<u8> {
    format!("{method} {target}{}", end(method, address)).into_bytes()
}

fn end(method: &str, address: SocketAddr) -> String {
    // RFC 9110: a request whose method foresees a body says that it has none.
    let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
    format!(" HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\n{length}\r\n")
}

/// The method and the target of a request, to name it in a sentence.
#[must_use]
pub fn line(request: &[u8]) -> String {
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    line.strip_suffix(" HTTP/1.1").unwrap_or(&line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_and_a_check_write_the_same_bytes() {
        let address = "127.0.0.1:80".parse().unwrap();
        let template = Template::get("/demo", address);
        let mut bytes = Vec::new();
        template.write(&mut bytes);
        assert_eq!(bytes, request("GET", "/demo", address));
        template.write_name("é &~", &mut bytes);
        assert_eq!(bytes, request("GET", "/demo?name=%C3%A9%20%26~", address));
        assert_eq!(line(&bytes), "GET /demo?name=%C3%A9%20%26~");
        assert!(bytes.ends_with(b"\r\n\r\n"));
        let body = r#"{"name":"a"}"#;
        Post::json("/insert", address).write(body, &mut bytes);
        assert_eq!(bytes, with_json("POST", "/insert", address, body));
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.ends_with("\r\nContent-Length: 12\r\n\r\n{\"name\":\"a\"}"), "{text}");
    }
}
