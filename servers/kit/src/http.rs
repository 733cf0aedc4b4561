//! HTTP/1.1 connections, and the checks of an answer.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Method,
    client::conn::http1::{self, SendRequest},
    header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use url::form_urlencoded;

use crate::request::Request;

/// The longest time that any answer may take, whatever goes wrong behind the server.
const HANG: Duration = Duration::from_secs(5);

/// A keep-alive connection. hyper is strict about lengths: a body cut short or followed by more is an error.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("no connection to {address}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, address })
    }

    /// Asks `GET target`, where target is a path with its query.
    pub(crate) async fn get(&mut self, target: &str) -> Result<Answer> {
        self.ask(&Request::get(target)).await
    }

    /// Asks `GET /demo?name=…` with the name form-encoded.
    pub(crate) async fn lookup(&mut self, name: &str) -> Result<Answer> {
        self.get(&demo(name)).await
    }

    /// Sends a body that is of no type.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        target: &str,
        body: &'static str,
    ) -> Result<Answer> {
        self.ask(&Request::new(method, target).with_body(None, body)).await
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn ask(&mut self, request: &Request) -> Result<Answer> {
        let what = format!("{} {}", request.method, abridged(&request.target));
        let mut head = hyper::Request::builder()
            .method(request.method.clone())
            .uri(request.target.as_str())
            .header(HOST, self.address.to_string());
        if let Some(content_type) = request.content_type {
            head = head.header(CONTENT_TYPE, content_type);
        }
        let request = head.body(Full::from(request.body.clone()))?;
        let exchange = async {
            self.sender.ready().await.context("the server closed a keep-alive connection")?;
            let response = self.sender.send_request(request).await?;
            let (head, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, anyhow::Error>(Answer {
                what: what.clone(),
                status: head.status.as_u16(),
                headers: head.headers,
                body,
            })
        };
        match timeout(HANG, exchange).await {
            Ok(answer) => answer.with_context(|| what.clone()),
            Err(_) => bail!("{what}: no answer within {HANG:?}"),
        }
    }

    /// Whether the server has closed this connection.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

/// The target of a lookup of `name`.
pub(crate) fn demo(name: &str) -> String {
    format!("/demo?name={}", encoded(name))
}

/// The text as the value of a parameter.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Shortens a target so that it fits into a message.
pub(crate) fn abridged(target: &str) -> String {
    match target.char_indices().nth(120) {
        Some((end, _)) => format!("{}… ({} bytes)", &target[..end], target.len()),
        None => target.to_owned(),
    }
}

/// Writes `bytes` on a new connection, ends the sending side if `finish`, and reads until the server closes.
/// Write errors are no failure: a server may refuse before it has read all.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8], finish: bool) -> Result<Vec<u8>> {
    let mut stream =
        TcpStream::connect(address).await.with_context(|| format!("no connection to {address}"))?;
    if stream.write_all(bytes).await.is_ok() && finish {
        let _ = stream.shutdown().await;
    }
    let mut answer = Vec::new();
    match timeout(HANG, stream.read_to_end(&mut answer)).await {
        Ok(_) => Ok(answer),
        Err(_) => bail!("the connection stays open, {} bytes were answered", answer.len()),
    }
}

/// An answer that is read while it comes. Its connection is closed when the value is dropped.
pub(crate) struct Stream {
    stream: TcpStream,
    text: Vec<u8>,
}

impl Stream {
    /// Asks `GET target` on a new connection.
    pub(crate) async fn get(address: SocketAddr, target: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("no connection to {address}"))?;
        stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: kit\r\n\r\n").as_bytes()).await?;
        Ok(Self { stream, text: Vec::new() })
    }

    /// Reads until `part` has come; it must not be cut in two by a chunk's end.
    pub(crate) async fn read_until(&mut self, part: &str) -> Result<()> {
        let read = async {
            while !self.text.windows(part.len()).any(|window| window == part.as_bytes()) {
                ensure!(self.stream.read_buf(&mut self.text).await? > 0, "the answer has ended");
            }
            Ok(())
        };
        let outcome = timeout(HANG, read).await.unwrap_or_else(|_| bail!("not within {HANG:?}"));
        outcome.with_context(|| {
            format!("{part} has not come, only {:?}", String::from_utf8_lossy(&self.text))
        })
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    what: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON, with `status` and the headers every answer has.
    pub(crate) fn json(&self, status: u16) -> Result<Value> {
        let what = &self.what;
        let text = String::from_utf8_lossy(&self.body);
        ensure!(
            self.status == status,
            "{what}: {} instead of {status}: {}",
            self.status,
            abridged(&text)
        );
        self.check_framing()?;
        let content_type =
            self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let essence = content_type.split(';').next().unwrap_or("").trim();
        ensure!(
            essence.eq_ignore_ascii_case("application/json"),
            "{what}: Content-Type is {content_type:?} instead of application/json"
        );
        serde_json::from_slice(&self.body)
            .with_context(|| format!("{what}: not JSON: {}", abridged(&text)))
    }

    /// The array of a 200, in its order.
    pub(crate) fn array(&self) -> Result<Vec<Value>> {
        match self.json(200)? {
            Value::Array(items) => Ok(items),
            other => bail!("{}: not an array: {other}", self.what),
        }
    }

    /// The rows of a 200, by ascending id: the contract leaves their order open.
    pub(crate) fn rows(&self) -> Result<Vec<Value>> {
        let mut rows = self.array()?;
        rows.sort_by_key(|row| row["id"].as_u64());
        Ok(rows)
    }

    /// Checks an array of a 200, in its order.
    pub(crate) fn check_array(&self, expected: &[Value]) -> Result<()> {
        compare(&self.what, &self.array()?, expected)
    }

    /// Checks a refusal: `status` and `{"error": "…"}`.
    pub(crate) fn check_error(&self, status: u16) -> Result<()> {
        let body = self.json(status)?;
        let message = body["error"].as_str().unwrap_or("");
        ensure!(
            !message.is_empty(),
            "{}: {status} without {{\"error\": \"…\"}}: {body}",
            self.what
        );
        Ok(())
    }

    /// Checks that the answer says where it ends, in one way only.
    pub(crate) fn check_framing(&self) -> Result<()> {
        let lengths = self.headers.get_all(CONTENT_LENGTH).iter().count();
        let codings = self.headers.get_all(TRANSFER_ENCODING).iter().count();
        ensure!(
            lengths + codings == 1,
            "{}: {lengths} Content-Length and {codings} Transfer-Encoding headers; exactly one must say where the body ends",
            self.what
        );
        Ok(())
    }
}

/// Compares what an array holds, item by item.
pub(crate) fn compare(what: &str, items: &[Value], expected: &[Value]) -> Result<()> {
    ensure!(
        items.len() == expected.len(),
        "{what} finds {} rows instead of {}",
        items.len(),
        expected.len()
    );
    for (item, expected) in items.iter().zip(expected) {
        ensure!(item == expected, "{what} finds {item} instead of {expected}");
    }
    Ok(())
}
