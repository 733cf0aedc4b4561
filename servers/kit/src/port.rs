//! Ports for servers and proxies, which stay free until they are used.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// A loopback TCP port that nobody listens on, and that the kit gives to nobody else while this value lives.
///
/// The port lies below the kernel's ephemeral range: no outgoing connection and no `bind` to port 0 can take it between
/// its choice and its use. The UDP port of the same number keeps other kits on this machine away.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    _claim: Arc<UdpSocket>,
}

impl Port {
    /// Finds a free port.
    pub(crate) fn free() -> Self {
        const FIRST: u32 = 20_000;
        const COUNT: u32 = 12_000;
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            let step = NEXT.fetch_add(1, Ordering::Relaxed);
            // Kits that run at once begin at different places.
            let port = FIRST + (std::process::id().wrapping_mul(977).wrapping_add(step)) % COUNT;
            let port = u16::try_from(port).expect("32,000 at most");
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            // The claim comes first, because the try takes the port for a moment.
            if let Ok(claim) = UdpSocket::bind(address)
                && TcpListener::bind(address).is_ok()
            {
                return Self { address, _claim: Arc::new(claim) };
            }
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}
