//! One user's connection: sends a request, reads its answer to the last byte.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::record::ErrorKind;
use super::response::{self, Progress, Response, Unreadable};
use crate::units::{Moment, Nanos};

/// Larger than any answer but those to the shortest names, so that one read takes it all.
const BUFFER: usize = 16 * 1024;

/// One keep-alive connection, made again when it is lost.
#[derive(Debug)]
pub struct Probe {
    address: SocketAddr,
    timeout: Duration,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    filled: usize,
    /// One timer for all requests: it is moved only when it fires, not at every request.
    alarm: Pin<Box<Sleep>>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// Whether its content type is JSON.
    pub json: bool,
    /// Its body.
    pub body: &'a [u8],
}

impl Probe {
    /// For one user; connects at [`Probe::connect`]. Must be called within a tokio runtime.
    #[must_use]
    pub fn new(address: SocketAddr, timeout: Duration) -> Probe {
        Probe {
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
            // Closed, broken, or bytes that nobody asked for.
            _ => {
                self.stream = None;
                false
            }
        }
    }

    /// Makes a new connection.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] when the server cannot be reached in time.
    pub async fn connect(&mut self) -> Result<(), ErrorKind> {
        let connecting = tokio::time::timeout(self.timeout, TcpStream::connect(self.address));
        let stream =
            connecting.await.map_err(|_| ErrorKind::Connect)?.map_err(|_| ErrorKind::Connect)?;
        stream.set_nodelay(true).map_err(|_| ErrorKind::Connect)?;
        self.stream = Some(stream);
        Ok(())
    }

    /// Sends `request`, at the moment `sent`, and reads the answer to its last byte. The connection is
    /// dropped after an error, and where the server said that it will close it.
    ///
    /// # Errors
    /// The class of what went wrong.
    pub async fn exchange(
        &mut self,
        request: &[u8],
        sent: Moment,
    ) -> Result<Answer<'_>, ErrorKind> {
        let deadline = sent + self.timeout.into();
        self.filled = 0;
        let result = match self.send(request, deadline).await {
            Ok(()) => self.receive(deadline).await,
            Err(class) => Err(class),
        };
        if result.as_ref().map_or(true, |response| response.close) {
            self.stream = None;
        }
        let response = result?;
        Ok(Answer {
            status: response.status,
            json: response.json,
            body: &self.buffer[response.body],
        })
    }

    async fn send(&mut self, mut request: &[u8], deadline: Moment) -> Result<(), ErrorKind> {
        let stream = self.stream.as_ref().ok_or(ErrorKind::Connect)?;
        // A new connection's socket is writable: nearly always this is one system call.
        while !request.is_empty() {
            match stream.try_write(request) {
                Ok(sent) => request = &request[sent..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    let left = deadline.since(Moment::now());
                    match tokio::time::timeout(left.into(), stream.writable()).await {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => return Err(ErrorKind::Write),
                        Err(_) => return Err(ErrorKind::Timeout),
                    }
                }
                Err(_) => return Err(ErrorKind::Write),
            }
        }
        Ok(())
    }

    async fn receive(&mut self, deadline: Moment) -> Result<Response, ErrorKind> {
        let mut head = false;
        loop {
            let received = self.read(deadline).await?;
            if received == 0 {
                // Cut short within a body, the length it told was wrong.
                return Err(if head { ErrorKind::Length } else { ErrorKind::Read });
            }
            self.filled += received;
            match response::read(&mut self.buffer[..self.filled]) {
                Ok(Progress::Complete(response)) if response.end == self.filled => {
                    return Ok(response);
                }
                // More than was asked for: what follows cannot be told apart from the next answer.
                Ok(Progress::Complete(_)) | Err(Unreadable::Length) => {
                    return Err(ErrorKind::Length);
                }
                Ok(Progress::Partial { head: complete }) => head = complete,
                Err(Unreadable::Head) => return Err(ErrorKind::Read),
            }
        }
    }

    /// Reads what is there, as much as fits. `poll_read` and not `try_read`: tokio then knows from a
    /// partly filled buffer that the socket is drained, and saves the read that would only say so.
    async fn read(&mut self, deadline: Moment) -> Result<usize, ErrorKind> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(2 * self.filled, 0);
        }
        let Probe { stream, buffer, filled, alarm, .. } = self;
        let stream = stream.as_mut().ok_or(ErrorKind::Read)?;
        std::future::poll_fn(|context| {
            let mut free = ReadBuf::new(&mut buffer[*filled..]);
            if let Poll::Ready(read) = Pin::new(&mut *stream).poll_read(context, &mut free) {
                return Poll::Ready(
                    read.map(|()| free.filled().len()).map_err(|_| ErrorKind::Read),
                );
            }
            while alarm.as_mut().poll(context).is_ready() {
                let left = deadline.since(Moment::now());
                if left == Nanos(0) {
                    return Poll::Ready(Err(ErrorKind::Timeout));
                }
                // It was set for an earlier request.
                alarm.as_mut().reset(Instant::now() + Duration::from(left));
            }
            Poll::Pending
        })
        .await
    }
}
