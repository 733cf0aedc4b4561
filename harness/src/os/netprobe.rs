//! The network probe: the round trip of a small message and the throughput of a large transfer between two parts,
//! before any load.
//!
//! One side serves and the other measures. Both are this program, so nothing else need be installed.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::units::Nanos;

/// The length of a message: that of a small request.
const MESSAGE: usize = 128;
/// The number of bytes that one call writes.
const CHUNK: usize = 128 * 1024;
/// The duration of each of the two measurements.
const WINDOW: Duration = Duration::from_secs(2);
/// The time after which a network counts as broken.
const TIMEOUT: Duration = Duration::from_secs(10);

const ROUND_TRIPS: u8 = b'r';
const THROUGHPUT: u8 = b't';

/// The result of a network probe. Round trips and throughput are measured over one TCP connection each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkProbe {
    /// The median time between sending a message of 128 bytes and receiving its echo.
    pub round_trip_p50: Nanos,
    /// The 99th percentile of that time.
    pub round_trip_p99: Nanos,
    /// The throughput in bits per second, counted by the receiving side.
    pub bits_per_second: f64,
}

/// Answers probes until the process ends.
///
/// # Errors
/// When no more connections can be accepted.
pub fn serve(listener: &TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        // A connection that fails harms no other.
        thread::spawn(move || answer(stream));
    }
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut kind = [0];
    stream.read_exact(&mut kind)?;
    if kind[0] == ROUND_TRIPS {
        let mut message = [0; MESSAGE];
        loop {
            stream.read_exact(&mut message)?;
            stream.write_all(&message)?;
        }
    }
    let mut chunk = vec![0; CHUNK];
    let mut received: u64 = 0;
    loop {
        match stream.read(&mut chunk)? {
            0 => return stream.write_all(&received.to_be_bytes()),
            count => received += count as u64,
        }
    }
}

/// Measures the network to the side that serves at `address`.
///
/// # Errors
/// When that side does not answer in time.
pub fn measure(address: SocketAddr) -> io::Result<NetworkProbe> {
    let round_trips = round_trips(connect(address, ROUND_TRIPS)?)?;
    Ok(NetworkProbe {
        round_trip_p50: Nanos(round_trips.value_at_quantile(0.5)),
        round_trip_p99: Nanos(round_trips.value_at_quantile(0.99)),
        bits_per_second: throughput(connect(address, THROUGHPUT)?)?,
    })
}

fn connect(address: SocketAddr, kind: u8) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(&[kind])?;
    Ok(stream)
}

/// Measures round trips, in nanoseconds. The first tenth of the time warms up caches and the connection.
fn round_trips(mut stream: TcpStream) -> io::Result<Histogram<u64>> {
    let mut times = Histogram::new(3).map_err(io::Error::other)?;
    let mut message = [b'x'; MESSAGE];
    let begin = Instant::now();
    loop {
        let sent = Instant::now();
        stream.write_all(&message)?;
        stream.read_exact(&mut message)?;
        let done = Instant::now();
        if done - begin > WINDOW {
            return Ok(times);
        }
        if sent - begin > WINDOW / 10 {
            times.record((done - sent).as_nanos() as u64).map_err(io::Error::other)?;
        }
    }
}

/// Measures the throughput in bits per second, by the number of bytes that the other side has received.
fn throughput(mut stream: TcpStream) -> io::Result<f64> {
    let chunk = vec![b'x'; CHUNK];
    let begin = Instant::now();
    while begin.elapsed() < WINDOW {
        stream.write_all(&chunk)?;
    }
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut received = [0; 8];
    stream.read_exact(&mut received)?;
    let seconds = begin.elapsed().as_secs_f64();
    Ok((8.0 * u64::from_be_bytes(received) as f64 / seconds).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_a_round_trip_and_a_throughput() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || serve(&listener));
        let probe = measure(address).unwrap();
        // A system call alone takes longer than a tenth of a microsecond.
        assert!(probe.round_trip_p50 > Nanos(400), "{probe:?}");
        assert!(probe.round_trip_p50 <= probe.round_trip_p99, "{probe:?}");
        // A loopback interface that carries less than 1 Mbit/s is broken.
        assert!(probe.bits_per_second > 1e6, "{probe:?}");
    }

    #[test]
    fn a_closed_port_is_an_error() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert!(measure(address).is_err());
    }
}
