//! Whether a running server tells the rows' truth: values, not shapes.

use std::net::SocketAddr;
use std::time::Duration;

use demo_data::{Row, Truth};

use crate::definition::Server;
use crate::failure::Error;
use crate::load::check::{is_all_rows_named, is_empty_array};
use crate::load::requests::percent_encode;
use crate::os::http::{self, Answer};
use crate::os::stop::Stop;

const TIMEOUT: Duration = Duration::from_secs(5);
/// How many rows' names are looked up: spread over the whole table, by a step that shares no factor with it.
const LOOKUPS: u64 = 40;
const STEP: u64 = 24_989;
/// How many times a random name is asked for: 1 in 160 finds rows, so some hits among them are likely.
const RANDOM: usize = 400;

/// Something that the contract says and the server does not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{request} {problem}")]
pub struct Violation {
    request: String,
    problem: String,
}

/// Asks the server at `address` for what the contract promises, until the first broken promise.
///
/// # Errors
/// The first violation, or the interruption.
pub fn verify(
    server: &Server,
    address: SocketAddr,
    truth: &Truth,
    stop: &Stop,
) -> Result<(), Error<Violation>> {
    let client = Client { address, stop };
    client.expect("GET", "/health", 200)?;
    client.empty("/idle")?;
    client.error("GET", "/no-such-path", 404)?;
    client.error("POST", "/demo", 405)?;
    client.error("GET", "/demo?name=", 400)?;
    if !server.has_database() {
        return client.empty("/demo");
    }
    // One-character names have the most rows; their case must be told apart.
    for name in ["a", "A", "+", "%", "&"] {
        client.rows(truth, name)?;
    }
    for i in 0..LOOKUPS {
        client.rows(truth, &truth.row(i * STEP % truth.rows()).name)?;
    }
    for absent in ["a ", " a", "é", "' OR '1'='1", "a' -- "] {
        client.rows(truth, absent)?;
    }
    for _ in 0..RANDOM {
        client.random(truth)?;
    }
    Ok(())
}

struct Client<'a> {
    address: SocketAddr,
    stop: &'a Stop,
}

impl Client<'_> {
    fn ask(&self, method: &str, path: &str) -> Result<Answer, Error<Violation>> {
        self.stop.check()?;
        http::send(self.address, method, path, TIMEOUT)
            .map_err(|error| violation(method, path, format!("got no answer: {error}")))
    }

    fn expect(&self, method: &str, path: &str, status: u16) -> Result<Answer, Error<Violation>> {
        let answer = self.ask(method, path)?;
        if answer.status != status {
            let problem =
                format!("was answered with status {} where {status} is right", answer.status);
            return Err(violation(method, path, problem));
        }
        Ok(answer)
    }

    fn json(&self, method: &str, path: &str, status: u16) -> Result<Answer, Error<Violation>> {
        let answer = self.expect(method, path, status)?;
        if answer.content_type != "application/json" {
            let problem =
                format!("was answered as {:?}, not as application/json", answer.content_type);
            return Err(violation(method, path, problem));
        }
        Ok(answer)
    }

    fn error(&self, method: &str, path: &str, status: u16) -> Result<(), Error<Violation>> {
        let answer = self.json(method, path, status)?;
        let told = serde_json::from_slice::<serde_json::Value>(&answer.body)
            .is_ok_and(|body| body.get("error").is_some());
        if told {
            Ok(())
        } else {
            Err(violation(method, path, "was refused without {\"error\": …}".into()))
        }
    }

    fn empty(&self, path: &str) -> Result<(), Error<Violation>> {
        let answer = self.json("GET", path, 200)?;
        if is_empty_array(&answer.body) {
            Ok(())
        } else {
            Err(violation("GET", path, "was not answered with an empty array".into()))
        }
    }

    fn rows(&self, truth: &Truth, name: &str) -> Result<(), Error<Violation>> {
        let path = format!("/demo?name={}", encode(name));
        let answer = self.json("GET", &path, 200)?;
        if is_all_rows_named(truth, name, &answer.body) {
            return Ok(());
        }
        let right = truth.rows_named(name).len();
        let got = serde_json::from_slice::<Vec<Row>>(&answer.body);
        let problem = match got {
            Err(error) => format!("was answered with no rows of the contract's shape ({error})"),
            Ok(rows) if rows.len() != right => {
                format!("was answered with {} rows where {right} are right", rows.len())
            }
            Ok(_) => "was answered with a wrong value".into(),
        };
        Err(violation("GET", &path, problem))
    }

    fn random(&self, truth: &Truth) -> Result<(), Error<Violation>> {
        let answer = self.json("GET", "/demo", 200)?;
        let rows: Result<Vec<Row>, _> = serde_json::from_slice(&answer.body);
        let right = match rows.as_deref() {
            Ok([]) => true,
            Ok([first, ..]) => is_all_rows_named(truth, &first.name, &answer.body),
            Err(_) => false,
        };
        if right {
            Ok(())
        } else {
            Err(violation(
                "GET",
                "/demo",
                "was not answered with the complete set of one name's rows".into(),
            ))
        }
    }
}

fn violation(method: &str, path: &str, problem: String) -> Error<Violation> {
    Error::Failed(Violation { request: format!("{method} {path}"), problem })
}

fn encode(name: &str) -> String {
    let mut encoded = Vec::new();
    percent_encode(name.as_bytes(), &mut encoded);
    String::from_utf8(encoded).expect("percent-encoding is ASCII")
}
