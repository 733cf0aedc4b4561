//! A server that answers after a known delay, and records when it answered.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use stackmark::load::timer::{Timer, Waiting};
use stackmark::os::http;
use stackmark::units::{Moment, Nanos};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The time for which the server spins: longer than a timer takes to wake it on a CPU that does not sleep.
const SPIN: Nanos = Nanos(100_000);
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]";

/// The moments at which the server at `address` was about to write its answers, since it was last asked for them, by
/// the load's clock and in the order in which it received the requests.
pub(crate) fn record(address: SocketAddr) -> Vec<Moment> {
    let answer = http::get(address, "/record", Duration::from_secs(5)).unwrap();
    serde_json::from_slice(&answer.body).unwrap()
}

/// Answers each request after the next of `delays` (microseconds, in turn), by a timer finer than tokio's.
pub(crate) fn serve(address: &str, delays: &[&str]) {
    let address: SocketAddr = address.parse().unwrap();
    let delays: Rc<[Nanos]> =
        delays.iter().map(|delay| Nanos(delay.parse::<u64>().unwrap() * 1_000)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let served = Rc::new(RefCell::new(Vec::new()));
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let timer = Rc::new(Timer::new(Waiting::Sleeps).unwrap());
        let driver = Rc::clone(&timer);
        tokio::task::spawn_local(async move { driver.drive().await });
        let listener = TcpListener::bind(address).await.unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (timer, served, delays) =
                (Rc::clone(&timer), Rc::clone(&served), Rc::clone(&delays));
            tokio::task::spawn_local(async move {
                let _ = connection(stream, &timer, &served, &delays).await;
            });
        }
    });
}

async fn connection(
    mut stream: TcpStream,
    timer: &Timer,
    served: &RefCell<Vec<Moment>>,
    delays: &[Nanos],
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 1024];
    loop {
        // The load sends one small request at a time, so one read holds it.
        let length = stream.read(&mut buffer).await?;
        let received = Moment::now();
        if length == 0 {
            return Ok(());
        }
        if buffer.starts_with(b"GET /record ") {
            let body = serde_json::to_string(&served.take())?;
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            return stream.write_all((head + &body).as_bytes()).await;
        }
        let index = served.borrow().len();
        let delay = delays[index % delays.len()];
        let due = received + delay;
        served.borrow_mut().push(due);
        timer.until(received + (delay - SPIN)).await;
        let mut now = Moment::now();
        while now < due {
            std::hint::spin_loop();
            now = Moment::now();
        }
        served.borrow_mut()[index] = now;
        stream.write_all(ANSWER).await?;
    }
}
