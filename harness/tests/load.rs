//! The load against servers that misbehave: every request is accounted for exactly, and times are what they must be.
//! Counts are exact; times leave room for a busy machine.

#![allow(clippy::unwrap_used)] // A test that cannot set itself up fails, and should.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use stackmark::definition::scenario::Arrivals;
use stackmark::definition::warmup::Warmup;
use stackmark::load::protocol::{self, Event};
use stackmark::load::record::ErrorKind;
use stackmark::load::spec::{Shard, TRANSACTION};
use stackmark::load::timer::Waiting;
use stackmark::load::{LoadRecord, LoadSpec, Pace};
use stackmark::units::{Moment, Nanos, PerSecond};
use stackmark::workload;

const RIGHT: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]";

fn millis(count: u64) -> Nanos {
    Nanos(count * 1_000_000)
}

fn spec(address: SocketAddr, users: u32, pace: Pace, window: Nanos) -> LoadSpec {
    LoadSpec {
        address,
        path: "/demo".into(),
        asks: workload::Kind::RandomName,
        has_rows: false,
        users,
        pace,
        shard: Shard { index: 0, count: 1 },
        warmup: Warmup::fixed(Nanos(0)),
        window,
        timeout: millis(700),
        seed: 3,
        waiting: Waiting::Sleeps,
        slice: TRANSACTION,
    }
}

fn at(rate: f64) -> Pace {
    Pace::Open { rate: PerSecond(rate), arrivals: Arrivals::Constant }
}

/// Runs the load in a process of its own, as the harness does.
fn load(spec: &LoadSpec) -> LoadRecord {
    loads(&[spec]).remove(0)
}

/// Runs loads one after the other in the same process.
fn loads(specs: &[&LoadSpec]) -> Vec<LoadRecord> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stackmark"))
        .args(["load", "--spec"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut say = |command: &protocol::Command| {
        writeln!(input, "{}", serde_json::to_string(command).unwrap()).unwrap();
    };
    let mut events = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str::<Event>(&line.unwrap()).unwrap());
    let records = specs.iter().map(|&spec| {
        say(&protocol::Command::SetUp(Box::new(spec.clone())));
        loop {
            match events.next().expect("the process goes on") {
                Event::Ready => {
                    say(&protocol::Command::Go { start: Moment::now() + millis(50) });
                }
                Event::WarmingUp { .. } | Event::Window { .. } => {}
                Event::Record(record) => return *record,
                Event::Failed { reason } => panic!("{reason}"),
            }
        }
    });
    let records = records.collect();
    // Its input ends, and with it the process.
    drop(input);
    assert!(child.wait().unwrap().success());
    records
}

/// What a server does with its n-th request, from 1, over all connections.
#[derive(Clone, Copy)]
enum Act {
    Answer(&'static str),
    /// Sends this text and closes the connection.
    AnswerAndClose(&'static str),
    /// Answers, and closes the connection long after the answer has arrived.
    AnswerAndCloseLater,
    /// Closes the connection with a reset.
    Reset,
    /// Never answers.
    Hang,
    /// Answers after a while.
    AnswerAfter(Duration),
}

/// Starts a server with a thread for each connection; it counts the requests that it has read completely.
fn serve(act: impl Fn(u64) -> Act + Send + Sync + 'static) -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicU64::new(0));
    let requests = Arc::clone(&count);
    let act = Arc::new(act);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, act, requests) =
                (stream.unwrap(), Arc::clone(&act), Arc::clone(&requests));
            thread::spawn(move || connection(stream, &*act, &requests));
        }
    });
    (address, count)
}

fn connection(mut stream: TcpStream, act: &dyn Fn(u64) -> Act, requests: &AtomicU64) {
    let mut buffer = [0; 4096];
    // The load sends one small request at a time, so one read holds it.
    while matches!(stream.read(&mut buffer), Ok(read) if read > 0) {
        let number = 1 + requests.fetch_add(1, Ordering::SeqCst);
        // The client may be gone by now, which does not matter here.
        match act(number) {
            Act::Answer(answer) => drop(stream.write_all(answer.as_bytes())),
            Act::AnswerAndClose(answer) => {
                let _ = stream.write_all(answer.as_bytes());
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
            Act::AnswerAndCloseLater => {
                let _ = stream.write_all(RIGHT.as_bytes());
                thread::sleep(Duration::from_millis(20));
                return;
            }
            Act::Reset => return reset(stream),
            Act::Hang => {}
            Act::AnswerAfter(delay) => {
                thread::sleep(delay);
                let _ = stream.write_all(RIGHT.as_bytes());
            }
        }
    }
}

/// Resets a connection. Closing with unread data is a reset, so the connection goes to a socket that nobody reads.
fn reset(stream: TcpStream) {
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
}

/// Checks the identity that every record must satisfy, and returns the count of each kind of error.
#[track_caller]
fn accounted(record: &LoadRecord) -> impl Fn(ErrorKind) -> u64 + '_ {
    let errors: u64 = record.errors.values().map(|errors| errors.count).sum();
    assert_eq!(record.sent, record.right + errors + record.in_flight);
    assert_eq!(record.right, record.response.count());
    for errors in record.errors.values() {
        assert_eq!(errors.count, errors.response.count());
    }
    |class| record.errors.get(&class).map_or(0, |errors| errors.count)
}

#[test]
fn every_answer_of_a_good_server_is_right_and_counted() {
    let (address, requests) = serve(|_| Act::Answer(RIGHT));
    let record = load(&spec(address, 8, Pace::Closed, millis(500)));
    let _ = accounted(&record);
    assert_eq!(record.sent, requests.load(Ordering::SeqCst));
    assert_eq!((record.failed(), record.reconnects), (0, 0));
    assert!(
        record.littles_law_residual().unwrap().abs() < 0.05,
        "{:?}",
        record.littles_law_residual()
    );
}

#[test]
fn a_process_runs_one_load_after_the_other() {
    let (address, requests) = serve(|_| Act::Answer(RIGHT));
    let first = spec(address, 3, Pace::Closed, millis(100));
    let hanging = serve(|n| if n > 20 { Act::Hang } else { Act::Answer(RIGHT) });
    // Its users wait for answers to the end, and are still ended.
    let second = spec(hanging.0, 4, Pace::Closed, millis(100));
    let third = spec(address, 8, at(500.0), millis(200));
    let records = loads(&[&first, &second, &third]);
    let sent: Vec<u64> = records.iter().map(|record| record.sent).collect();
    assert_eq!(sent[0] + sent[2], requests.load(Ordering::SeqCst));
    assert_eq!((sent[1], sent[2]), (hanging.1.load(Ordering::SeqCst), 100));
    assert_eq!((records[1].failed(), records[2].failed()), (4, 0));
    assert_eq!(records.iter().map(|record| record.users).collect::<Vec<_>>(), [3, 4, 8]);
}

#[test]
fn a_5xx_in_each_hundred() {
    const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    let (address, requests) = serve(|n| Act::Answer(if n % 100 == 0 { BUSY } else { RIGHT }));
    let record = load(&spec(address, 8, Pace::Closed, millis(500)));
    let of = accounted(&record);
    let requests = requests.load(Ordering::SeqCst);
    assert_eq!((record.sent, of(ErrorKind::Status)), (requests, requests / 100));
    assert_eq!(record.failed(), requests / 100);
}

#[test]
fn connections_reset_at_random() {
    let (address, requests) = serve(|n| {
        if n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61 == 0 {
            Act::Reset
        } else {
            Act::Answer(RIGHT)
        }
    });
    let record = load(&spec(address, 8, Pace::Closed, millis(500)));
    let of = accounted(&record);
    let requests = requests.load(Ordering::SeqCst);
    let resets =
        (1..=requests).filter(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61 == 0).count() as u64;
    assert_eq!((record.sent, of(ErrorKind::Read)), (requests, resets));
    assert_eq!(record.failed(), resets);
    // Each user reconnects before its next request; the last ones never send again.
    assert!(resets - record.reconnects <= 8, "{resets} {}", record.reconnects);
}

#[test]
fn bodies_cut_short_and_lengths_that_lie() {
    const SHORT: &str =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n[]";
    const LONG: &str =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[][]";
    const NO_TYPE: &str =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n[]";
    const WRONG: &str =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n[1]";
    let (address, requests) = serve(|n| match n % 10 {
        1 => Act::AnswerAndClose(SHORT),
        2 => Act::Answer(LONG),
        3 => Act::Answer(NO_TYPE),
        4 => Act::Answer(WRONG),
        5 => Act::AnswerAndClose("HTTP/1.1 2"),
        6 => Act::AnswerAndClose("SMTP ready\r\n\r\n"),
        _ => Act::Answer(RIGHT),
    });
    let record = load(&spec(address, 4, Pace::Closed, millis(500)));
    let of = accounted(&record);
    let requests = requests.load(Ordering::SeqCst);
    let nth = |k: u64| (requests + 10 - k) / 10;
    assert_eq!(record.sent, requests);
    assert_eq!(of(ErrorKind::Length), nth(1) + nth(2));
    assert_eq!(of(ErrorKind::Type), nth(3));
    assert_eq!(of(ErrorKind::Value), nth(4));
    assert_eq!(of(ErrorKind::Read), nth(5) + nth(6));
}

#[test]
fn a_hang_is_a_timeout_and_not_the_end() {
    let (address, requests) = serve(|n| if n == 5 { Act::Hang } else { Act::Answer(RIGHT) });
    let record = load(&spec(address, 4, Pace::Closed, millis(1_000)));
    let of = accounted(&record);
    assert_eq!(record.sent, requests.load(Ordering::SeqCst));
    assert_eq!(of(ErrorKind::Timeout), 1);
    let waited = record.errors[&ErrorKind::Timeout].response.max();
    assert!(waited >= millis(700), "{waited:?}");
}

#[test]
fn a_server_that_hangs_for_ever_leaves_requests_in_flight_or_unsent() {
    let (address, requests) = serve(|_| Act::Hang);
    let record = load(&spec(address, 2, at(100.0), millis(400)));
    let of = accounted(&record);
    assert_eq!(record.sent, requests.load(Ordering::SeqCst));
    // 40 requests were due, and 2 connections could send at most two each until the load had to end.
    assert_eq!(record.sent + record.unsent, 40);
    assert_eq!(record.right, 0);
    assert_eq!(of(ErrorKind::Timeout) + record.in_flight, record.sent);
    assert!(record.unsent >= 36, "{}", record.unsent);
}

#[test]
fn a_server_killed_mid_window() {
    let (sender, port) = std::sync::mpsc::channel();
    let server = thread::spawn(move || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        sender.send(listener.local_addr().unwrap()).unwrap();
        // There is only one user, so one connection at a time is enough.
        let (mut stream, _) = listener.accept().unwrap();
        let end = Instant::now() + Duration::from_millis(250);
        let mut buffer = [0; 4096];
        let mut answered = 0u64;
        while Instant::now() < end {
            assert!(stream.read(&mut buffer).unwrap() > 0);
            stream.write_all(RIGHT.as_bytes()).unwrap();
            answered += 1;
        }
        answered
    });
    let record = load(&spec(port.recv().unwrap(), 1, at(200.0), millis(800)));
    let of = accounted(&record);
    assert_eq!(record.right, server.join().unwrap());
    assert_eq!(record.sent + record.unsent, 160, "every request that was due is counted");
    assert!(of(ErrorKind::Connect) > 0, "{:?}", record.errors);
    assert_eq!(
        record.sent,
        record.right + of(ErrorKind::Connect) + of(ErrorKind::Read) + of(ErrorKind::Write)
    );
}

#[test]
fn an_idle_connection_that_the_server_closes_is_made_again_and_counted() {
    let (address, requests) = serve(|_| Act::AnswerAndCloseLater);
    // The load sees the close in time: there are 100 ms between requests and 20 ms until the close.
    let record = load(&spec(address, 1, at(10.0), millis(1_000)));
    let _ = accounted(&record);
    assert_eq!((record.sent, record.right), (10, 10));
    assert_eq!(requests.load(Ordering::SeqCst), 10);
    assert_eq!(record.reconnects, 9, "the first connection replaces none");
}

#[test]
fn what_waits_for_a_connection_is_charged_for_its_waiting() {
    // One connection whose answers take 100 ms gets 20 requests per second, twice what it can do.
    let delay = Duration::from_millis(100);
    let (address, _) = serve(move |_| Act::AnswerAfter(delay));
    let mut spec = spec(address, 1, at(20.0), millis(1_000));
    spec.timeout = millis(3_000);
    let record = load(&spec);
    let _ = accounted(&record);
    assert_eq!((record.sent, record.right, record.unsent), (20, 20, 0));
    // Request i is due at 50·i ms and answered at 100·(i + 1) ms, so the last one waits for 1.05 s.
    let slowest = record.response.max();
    assert!(slowest >= millis(1_040) && slowest < millis(1_600), "{slowest:?}");
    let median = record.response.quantile(0.5);
    assert!(median >= millis(540) && median < millis(900), "{median:?}");
    assert!(record.service.quantile(0.5) < millis(200), "each alone took a tenth of a second");
    // The load itself causes none of that lateness.
    assert!(
        record.own_lateness.quantile(0.5) < millis(20),
        "{:?}",
        record.own_lateness.quantile(0.5)
    );
}

#[test]
fn a_stall_is_charged_to_every_request_that_was_due_in_it() {
    // The server stops for 400 ms from its 100th request on; at 500 per second, about 200 requests are due meanwhile.
    let (address, _) = serve(|n| match n {
        100..=107 => Act::AnswerAfter(Duration::from_millis(400)),
        _ => Act::Answer(RIGHT),
    });
    let record = load(&spec(address, 8, at(500.0), millis(2_000)));
    let _ = accounted(&record);
    assert_eq!((record.sent, record.right), (1_000, 1_000));
    // All 8 connections stall. Requests due within the 400 ms, a fifth of all, wait evenly between 0 and 400 ms.
    let p90 = record.response.quantile(0.9);
    assert!(
        p90 >= millis(150) && p90 < millis(400),
        "half of a fifth waits for 200 ms or more: {p90:?}"
    );
    assert!(record.response.max() >= millis(390));
}

#[test]
fn a_known_delay_is_what_is_measured() {
    for delay in [1u64, 5, 50] {
        let wait = Duration::from_millis(delay);
        let (address, _) = serve(move |_| Act::AnswerAfter(wait));
        let record = load(&spec(address, 16, at(100.0), millis(600)));
        let _ = accounted(&record);
        assert_eq!(record.right, 60);
        let fastest = record.response.quantile(0.0);
        assert!(fastest >= millis(delay), "never sooner than the server: {fastest:?}");
        let median = record.response.quantile(0.5);
        assert!(median < millis(delay + 20), "{delay} ms: {median:?}");
    }
}
