//! `--health`: the server's program asks `/health` of the server that runs beside it, for an image that has no other client.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use crate::endpoint::health;

/// How long the server may take to answer; a supervisor gives the whole check three seconds.
const LIMIT: Duration = Duration::from_secs(2);

/// The bytes of an answer that are looked at: `HTTP/1.1 200`.
const STATUS: usize = 12;

/// Why a server is not known to be healthy.
#[derive(Debug, thiserror::Error)]
pub enum HealthCheckError {
    /// There was no answer.
    #[error("{address} does not answer: {source}; set BIND to where the server listens")]
    Silent {
        /// The address that was asked.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The answer was not 200.
    #[error(
        "{address} answers {} with {status:?} instead of HTTP/1.1 200; see the server's log",
        health::PATH
    )]
    Unhealthy {
        /// The address that was asked.
        address: SocketAddr,
        /// The beginning of the answer.
        status: String,
    },
}

/// Asks for `/health` at an address where a server with this `BIND` can be reached.
pub(crate) fn ask(bind: SocketAddr) -> Result<(), HealthCheckError> {
    let address = reachable(bind);
    let status = status(address).map_err(|source| HealthCheckError::Silent { address, source })?;
    match status.strip_prefix("HTTP/1.") {
        Some(rest) if rest.ends_with(" 200") => Ok(()),
        _ => Err(HealthCheckError::Unhealthy { address, status }),
    }
}

/// Puts loopback in the place of the address that means all addresses, to which nobody can connect.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

/// Reads the first bytes of the answer, which hold the status.
fn status(address: SocketAddr) -> io::Result<String> {
    let deadline = Instant::now() + LIMIT;
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    write!(
        stream,
        "GET {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n",
        health::PATH
    )?;
    let mut answer = Vec::with_capacity(STATUS);
    while answer.len() < STATUS {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let mut piece = [0; STATUS];
        match stream.read(&mut piece[answer.len()..]) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&piece[answer.len()..][..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // The system's name for a read that has timed out.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    /// Asks a server that answers once, in these pieces.
    fn asked(pieces: &'static [&'static str]) -> Result<(), HealthCheckError> {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let bind = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            for piece in pieces {
                stream.write_all(piece.as_bytes()).unwrap();
                stream.flush().unwrap();
            }
            request
        });
        let outcome = ask(bind);
        assert!(server.join().unwrap().starts_with(b"GET /health HTTP/1.1\r\n"));
        outcome
    }

    #[test]
    fn only_200_is_healthy() {
        asked(&["HTTP/1.1 2", "00 OK\r\n", "\r\n"]).unwrap();
        asked(&["HTTP/1.0 200 OK\r\n\r\n"]).unwrap();
        let error = asked(&["HTTP/1.1 503 Service Unavailable\r\n\r\n"]).unwrap_err().to_string();
        assert!(error.contains("\"HTTP/1.1 503\""), "{error}");
        assert!(matches!(asked(&["SSH-2.0-x 200\r\n"]), Err(HealthCheckError::Unhealthy { .. })));
        assert!(matches!(asked(&[]), Err(HealthCheckError::Unhealthy { .. })));
    }

    #[test]
    fn a_free_port_is_not_healthy() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = ask(free).unwrap_err();
        assert!(matches!(error, HealthCheckError::Silent { .. }), "{error}");
    }

    #[test]
    fn a_mute_server_is_given_up() {
        let mute = TcpListener::bind("127.0.0.1:0").unwrap();
        let error = ask(mute.local_addr().unwrap()).unwrap_err().to_string();
        assert!(error.contains("timed out"), "{error}");
    }

    #[test]
    fn all_addresses_are_asked_at_loopback() {
        for (bind, asked) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("10.0.0.1:80", "10.0.0.1:80"),
        ] {
            assert_eq!(reachable(bind.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
