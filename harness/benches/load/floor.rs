//! The floor: a bare epoll loop that sends and receives, but looks at nothing. Its cost is the kernel's price of a
//! request; no generator that makes these calls can be cheaper.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

/// Runs the loop, and prints the number of answers.
pub(crate) fn run(address: &str, users: &str, seconds: &str) {
    let request =
        format!("GET /demo HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\n\r\n");
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).unwrap();
    let users: usize = users.parse().unwrap();
    let mut streams: Vec<TcpStream> =
        (0..users).map(|_| TcpStream::connect(address).unwrap()).collect();
    for (index, stream) in streams.iter_mut().enumerate() {
        stream.set_nodelay(true).unwrap();
        stream.set_nonblocking(true).unwrap();
        epoll.add(stream.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, index as u64)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
    }
    let end = Instant::now() + Duration::from_secs(seconds.parse().unwrap());
    let mut events = vec![EpollEvent::empty(); users];
    let mut buffer = [0; 16 * 1024];
    let mut answers: u64 = 0;
    while Instant::now() < end {
        let ready = epoll.wait(&mut events, EpollTimeout::from(100u8)).unwrap();
        for event in &events[..ready] {
            let stream = &mut streams[event.data() as usize];
            let received = stream.read(&mut buffer).unwrap();
            assert!(received > 0, "the server closed a connection");
            answers += 1;
            stream.write_all(request.as_bytes()).unwrap();
        }
    }
    println!("{answers}");
}
