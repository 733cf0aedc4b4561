use std::{future::Future, io, io::Write, mem::MaybeUninit, pin::pin};

use contract::Refusal;
use httparse::{Header, Request, Status};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::answer::Answer;

/// The most bytes the head of a request may have.
const MAX_HEAD: usize = 128 * 1024;

/// The most headers a request may have.
const MAX_HEADERS: usize = 64;

/// The consequences of a request.
struct Exchange {
    answer: Answer,
    /// The bytes that the request took of the input.
    taken: usize,
    /// Whether the client asked for the head only.
    head_only: bool,
    /// The connection's future.
    then: Then,
}

/// A connection's future after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The connection stays open, as it does by default.
    Keep,
    /// The connection stays open, and the answer must say so to an HTTP/1.0 client.
    KeepAndSay,
    /// The connection ends.
    Close,
}

/// Answers a connection's requests until its client closes it, a request is faulty, or `stop` resolves while none is
/// under way.
pub(crate) async fn converse(
    mut stream: TcpStream,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut stop = pin!(stop);
    let mut stopping = false;
    let mut input = Vec::with_capacity(4096);
    let mut output = Vec::with_capacity(512);
    loop {
        while let Some(exchange) = parse(&input, stopping) {
            input.drain(..exchange.taken);
            write_answer(&mut output, &exchange);
            stream.write_all(&output).await?;
            if exchange.then == Then::Close {
                return stream.shutdown().await;
            }
        }
        if stopping && input.is_empty() {
            return stream.shutdown().await;
        }
        tokio::select! {
            biased;
            read = stream.read_buf(&mut input) => if read? == 0 { return Ok(()) },
            () = &mut stop, if !stopping => stopping = true,
        }
    }
}

/// Parses the request at the head of `input`; `None` while that is not complete.
fn parse(input: &[u8], stopping: bool) -> Option<Exchange> {
    if input.is_empty() {
        return None;
    }
    let fatal = |refusal| {
        let answer = Answer::refusal(&refusal);
        Some(Exchange { answer, taken: input.len(), head_only: false, then: Then::Close })
    };
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut request = Request::new(&mut []);
    match request.parse_with_uninit_headers(input, &mut headers) {
        Ok(Status::Complete(taken)) => {
            let method = request.method.unwrap_or_default();
            Some(Exchange {
                answer: Answer::to(method, request.path.unwrap_or_default()),
                taken,
                head_only: method == "HEAD",
                then: if stopping { Then::Close } else { then(&request) },
            })
        }
        Ok(Status::Partial) if input.len() < MAX_HEAD => None,
        Ok(Status::Partial) | Err(httparse::Error::TooManyHeaders) => fatal(Refusal::TooLong),
        Err(error) => fatal(Refusal::BadRequest(error.to_string())),
    }
}

/// Decides whether the connection ends: if the client asks for that, or if a body follows, which no endpoint reads.
fn then(request: &Request<'_, '_>) -> Then {
    let says = |header: &Header<'_>, token: &[u8]| {
        header
            .value
            .split(|&byte| byte == b',')
            .any(|part| part.trim_ascii().eq_ignore_ascii_case(token))
    };
    let mut keep_alive = request.version == Some(1);
    for header in request.headers.iter() {
        if header.name.eq_ignore_ascii_case("connection") {
            keep_alive = (keep_alive || says(header, b"keep-alive")) && !says(header, b"close");
        } else if header.name.eq_ignore_ascii_case("transfer-encoding")
            || header.name.eq_ignore_ascii_case("content-length") && header.value != b"0"
        {
            return Then::Close;
        }
    }
    match (keep_alive, request.version) {
        (false, _) => Then::Close,
        (true, Some(1)) => Then::Keep,
        (true, _) => Then::KeepAndSay,
    }
}

fn write_answer(output: &mut Vec<u8>, exchange: &Exchange) {
    let Answer { status, body } = &exchange.answer;
    let connection = match exchange.then {
        Then::Keep => "",
        Then::KeepAndSay => "connection: keep-alive\r\n",
        Then::Close => "connection: close\r\n",
    };
    output.clear();
    write!(
        output,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{connection}content-length: {}\r\n\r\n",
        body.len()
    )
    .expect("writing to memory does not fail");
    if !exchange.head_only {
        output.extend_from_slice(body);
    }
}
