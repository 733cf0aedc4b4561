//! Whether a running server answers as the contract says: values, not shapes.
//!
//! A server is asked what a load would ask, by the same code and over the same kind of connection, and what each workload
//! asks besides, at every endpoint that the registry says it answers: what is measured of it later does not matter here.

use std::net::SocketAddr;
use std::time::Duration;

use super::client::Client;
use crate::failure::Error;
use crate::os::stop::Stop;
use crate::workload::{Kind, Probe, Rows, Setup, Visitor, Workload};

pub use super::client::Violation;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How often each workload asks. One random name in 160 has rows, so that some answers are likely to hold rows.
const QUESTIONS: usize = 400;

/// Asks the server at `address`, which has the endpoints `answers` and answers with `rows`, for what the contract promises,
/// until the first broken promise.
///
/// # Errors
/// The first violation, or the interruption.
pub fn verify(
    address: SocketAddr,
    answers: &[String],
    rows: &Rows,
    stop: &Stop,
) -> Result<(), Error<Violation>> {
    let mut client = Client::new(address, TIMEOUT, stop)?;
    client.probe(&Probe::get("/health", |reply| reply.expect_status(200)))?;
    client.probe(&Probe::refused("GET", "/no-such-path", 404))?;
    for kind in Kind::ALL.into_iter().filter(|kind| answers.iter().any(|a| a == kind.endpoint())) {
        kind.visit(Check { client: &mut client, rows: rows.clone() })?;
    }
    Ok(())
}

/// The check of one workload.
struct Check<'a, 'b> {
    client: &'a mut Client<'b>,
    rows: Rows,
}

impl Visitor for Check<'_, '_> {
    type Output = Result<(), Error<Violation>>;

    fn visit<W: Workload>(self) -> Self::Output {
        let Check { client, rows } = self;
        let mut workload = W::new(Setup {
            address: client.address(),
            path: W::PATH.into(),
            rows,
            // Other questions each time: none can be prepared for.
            seed: rand::random(),
            shard: 0,
            compared: 1,
        });
        for probe in workload.probes() {
            client.probe(&probe)?;
        }
        let mut request = Vec::new();
        for _ in 0..QUESTIONS {
            let question = workload.ask(&mut request);
            client.ask(&request, |reply| workload.check(question, reply))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, LazyLock, Mutex};
    use std::thread;

    use percent_encoding::percent_decode_str;

    use super::*;
    use crate::workload::request;

    static ROWS: LazyLock<Rows> = LazyLock::new(Rows::seeded);

    /// A status, a content type and a body.
    type Answer = (u16, &'static str, Vec<u8>);

    const JSON: &str = "application/json";

    /// What the contract promises for a request line.
    fn right(line: &str) -> Answer {
        let json = |status, body: &str| (status, JSON, body.into());
        match line.split_once("?name=") {
            Some(("GET /demo", "")) => json(400, r#"{"error": "no name"}"#),
            Some(("GET /demo", name)) => named(&percent_decode_str(name).decode_utf8().unwrap()),
            _ => match line {
                "GET /demo" => named("a"),
                "GET /idle" | "GET /health" => json(200, "[]"),
                "POST /demo" => json(405, r#"{"error": "GET only"}"#),
                _ => json(404, r#"{"error": "unknown"}"#),
            },
        }
    }

    fn named(name: &str) -> Answer {
        let rows = ROWS.truth().unwrap().rows_named(name);
        (200, JSON, serde_json::to_vec(&rows).unwrap())
    }

    /// A server that answers each request line so. Returns its address, and the heads of all connections' requests.
    fn serve(answer: fn(&str) -> Answer) -> (SocketAddr, Arc<Mutex<Vec<Vec<String>>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
        let seen = Arc::clone(&heads);
        thread::spawn(move || {
            for stream in listener.incoming() {
                seen.lock().unwrap().push(Vec::new());
                connection(stream.unwrap(), answer, &seen);
            }
        });
        (address, heads)
    }

    fn connection(
        mut stream: TcpStream,
        answer: fn(&str) -> Answer,
        heads: &Mutex<Vec<Vec<String>>>,
    ) {
        let mut buffer = [0; 4096];
        // One small request at a time: one read holds it.
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            let head = String::from_utf8(buffer[..length].to_vec()).unwrap();
            let (status, content_type, body) = answer(&request::line(head.as_bytes()));
            heads.lock().unwrap().last_mut().unwrap().push(head);
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        }
    }

    fn both() -> [String; 2] {
        ["demo".to_owned(), "idle".to_owned()]
    }

    fn verified(answer: fn(&str) -> Answer, rows: &Rows) -> Result<(), String> {
        verify(serve(answer).0, &both(), rows, &Stop::never()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_right_server_passes_and_is_asked_as_by_a_load() {
        let (address, heads) = serve(right);
        assert_eq!(verify(address, &both(), &ROWS, &Stop::never()), Ok(()));
        let heads = heads.lock().unwrap();
        assert_eq!(heads.len(), 1, "one connection, as one user has");
        let of = |line: &str| heads[0].iter().filter(|head| head.starts_with(line)).count();
        assert_eq!(of("GET /demo HTTP/1.1\r\n"), QUESTIONS);
        assert!(of("GET /demo?name=") > QUESTIONS);
        assert_eq!(of("GET /idle HTTP/1.1\r\n"), QUESTIONS);
        let after_line = |head: &String| head.split_once("\r\n").unwrap().1.to_owned();
        let mut headers: Vec<_> =
            heads[0].iter().filter(|head| head.starts_with("GET")).map(after_line).collect();
        headers.dedup();
        assert_eq!(headers.len(), 1, "no request differs from another by its headers");
    }

    #[test]
    fn what_is_wrong_is_said_in_a_sentence() {
        type Lie = (fn(&str) -> Answer, &'static str);
        let lies: [Lie; 6] = [
            (
                |line| if line == "GET /health" { (503, JSON, Vec::new()) } else { right(line) },
                "GET /health was answered with status 503 where 200 is right",
            ),
            (
                |line| if line == "GET /idle" { named("a") } else { right(line) },
                "GET /idle was answered with more than an empty array",
            ),
            (
                |line| if line == "GET /demo?name=A" { named("a") } else { right(line) },
                "GET /demo?name=A was answered with ",
            ),
            (
                |line| if line == "POST /demo" { (405, JSON, b"{}".into()) } else { right(line) },
                "POST /demo was refused without {\"error\": …}",
            ),
            (
                |line| {
                    if line == "GET /demo" { (200, "text/html", b"[]".into()) } else { right(line) }
                },
                "GET /demo was answered as \"text/html\", not as application/json",
            ),
            (
                // A server that does nothing: no row is an answer to a random name, but to no name of a row.
                |line| {
                    if line.contains("?name=") && right(line).0 == 200 {
                        (200, JSON, b"[]".into())
                    } else {
                        right(line)
                    }
                },
                "GET /demo?name=a was answered with 0 rows where ",
            ),
        ];
        for (lie, expected) in lies {
            let said = verified(lie, &ROWS).unwrap_err();
            assert!(said.starts_with(expected), "{said}");
        }
    }

    #[test]
    fn a_server_without_rows_answers_every_lookup_with_none() {
        fn empty(line: &str) -> Answer {
            match right(line) {
                (200, JSON, _) => (200, JSON, b"[]".into()),
                other => other,
            }
        }
        assert_eq!(verified(empty, &Rows::none()), Ok(()));
        assert!(verified(right, &Rows::none()).is_err());
    }

    #[test]
    fn only_the_endpoints_that_a_server_answers_are_asked() {
        fn without_idle(line: &str) -> Answer {
            if line.ends_with("/idle") { right("GET /unknown") } else { right(line) }
        }
        let both = both();
        let verify =
            |answers: &[String]| verify(serve(without_idle).0, answers, &ROWS, &Stop::never());
        assert_eq!(verify(&both[..1]), Ok(()));
        assert!(verify(&both).is_err());
    }

    #[test]
    fn a_stop_ends_it() {
        let stop = Stop::never();
        stop.set();
        assert_eq!(verify(serve(right).0, &both(), &ROWS, &stop), Err(Error::Interrupted));
    }
}
