//! The connection of one user: sends a request and reads its answer to the last byte.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::response::{Reader, Response, Unreadable};
use crate::units::{Moment, Nanos};
use crate::workload::Reply;

/// Larger than nearly all answers, so that one read takes them whole.
const BUFFER: usize = 16 * 1024;

/// A keep-alive connection, which is made again when it is lost.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    timeout: Duration,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    filled: usize,
    /// One timer for all requests: it is moved only when it fires, not at every request.
    alarm: Pin<Box<Sleep>>,
}

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The server could not be reached in time.
    #[error("the server cannot be reached")]
    Connect,
    /// The request could not be sent.
    #[error("the request cannot be sent")]
    Write,
    /// The connection broke, or the answer was not HTTP.
    #[error("the connection broke, or what came is not HTTP")]
    Read,
    /// No whole answer came in time.
    #[error("no whole answer came in time")]
    Timeout,
    /// The answer's length was missing or wrong.
    #[error("the answer's length is missing or wrong")]
    Length,
}

impl Connection {
    /// A connection that [`Connection::connect`] will make. Must be called within a tokio runtime.
    #[must_use]
    pub fn new(address: SocketAddr, timeout: Duration) -> Connection {
        Connection {
            address,
            timeout,
            stream: None,
            buffer: vec![0; BUFFER],
            filled: 0,
            alarm: Box::pin(tokio::time::sleep(timeout)),
        }
    }

    /// Whether the connection is usable as far as is known without asking the kernel again.
    ///
    /// A server may close a connection while it is idle; then the end of the stream is already
    /// signalled here, and the next request needs a new connection.
    pub fn is_connected(&mut self) -> bool {
        let Some(stream) = &self.stream else { return false };
        match stream.try_read(&mut [0; 1]) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => true,
            // The connection is closed or broken, or has sent bytes that nothing requested.
            _ => {
                self.stream = None;
                false
            }
        }
    }

    /// Makes a new connection.
    ///
    /// # Errors
    /// [`Broken::Connect`] when the server cannot be reached in time.
    pub async fn connect(&mut self) -> Result<(), Broken> {
        let connecting = tokio::time::timeout(self.timeout, TcpStream::connect(self.address));
        let stream = connecting.await.map_err(|_| Broken::Connect)?.map_err(|_| Broken::Connect)?;
        stream.set_nodelay(true).map_err(|_| Broken::Connect)?;
        self.stream = Some(stream);
        Ok(())
    }

    /// Sends `request`, at the moment `sent`, and reads the answer to its last byte. The connection is
    /// dropped after an error, and where the server said that it will close it.
    ///
    /// # Errors
    /// Why there is no whole answer.
    pub async fn exchange(&mut self, request: &[u8], sent: Moment) -> Result<Reply<'_>, Broken> {
        let deadline = sent + self.timeout.into();
        self.filled = 0;
        let result = match self.send(request, deadline).await {
            Ok(()) => self.receive(deadline).await,
            Err(broken) => Err(broken),
        };
        if result.as_ref().map_or(true, |response| response.close) {
            self.stream = None;
        }
        let response = result?;
        Ok(Reply {
            status: response.status,
            content_type: &self.buffer[response.content_type],
            body: &self.buffer[response.body],
        })
    }

    async fn send(&mut self, mut request: &[u8], deadline: Moment) -> Result<(), Broken> {
        let stream = self.stream.as_ref().ok_or(Broken::Connect)?;
        // The socket of a new connection is writable, so this is nearly always one system call.
        while !request.is_empty() {
            match stream.try_write(request) {
                Ok(sent) => request = &request[sent..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    let left = deadline.since(Moment::now());
                    match tokio::time::timeout(left.into(), stream.writable()).await {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => return Err(Broken::Write),
                        Err(_) => return Err(Broken::Timeout),
                    }
                }
                Err(_) => return Err(Broken::Write),
            }
        }
        Ok(())
    }

    async fn receive(&mut self, deadline: Moment) -> Result<Response, Broken> {
        let mut reader = Reader::default();
        loop {
            let received = self.read(deadline).await?;
            if received == 0 {
                // An answer that ends within its body had stated a wrong length.
                return Err(if reader.has_head() { Broken::Length } else { Broken::Read });
            }
            self.filled += received;
            match reader.read(&mut self.buffer[..self.filled]) {
                Ok(Some(response)) if response.end == self.filled => return Ok(response),
                Ok(None) => {}
                // Bytes after the answer cannot be told apart from the next one.
                Ok(Some(_)) | Err(Unreadable::Length) => return Err(Broken::Length),
                Err(Unreadable::Head) => return Err(Broken::Read),
            }
        }
    }

    /// Reads what is there, as much as fits. `poll_read` and not `try_read`: tokio then knows from a
    /// partly filled buffer that the socket is drained, and saves the read that would only say so.
    async fn read(&mut self, deadline: Moment) -> Result<usize, Broken> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(2 * self.filled, 0);
        }
        let Connection { stream, buffer, filled, alarm, .. } = self;
        let stream = stream.as_mut().ok_or(Broken::Read)?;
        std::future::poll_fn(|context| {
            let mut free = ReadBuf::new(&mut buffer[*filled..]);
            if let Poll::Ready(read) = Pin::new(&mut *stream).poll_read(context, &mut free) {
                return Poll::Ready(read.map(|()| free.filled().len()).map_err(|_| Broken::Read));
            }
            while alarm.as_mut().poll(context).is_ready() {
                let left = deadline.since(Moment::now());
                if left == Nanos(0) {
                    return Poll::Ready(Err(Broken::Timeout));
                }
                // The alarm was set for an earlier request.
                alarm.as_mut().reset(Instant::now() + Duration::from(left));
            }
            Poll::Pending
        })
        .await
    }
}
