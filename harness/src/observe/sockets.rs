//! The TCP connections that the processes of one part have opened.

use std::collections::BTreeSet;

use procfs::net::TcpState;
use procfs::process::{FDTarget, Process};

/// The number of established TCP connections that the processes `pids`, which share one network, have opened to others:
/// all that do not end at a port on which they listen. Absent where a process is gone, or not ours to look into.
pub(super) fn opened(pids: impl Iterator<Item = u32>) -> Option<u64> {
    let mut sockets = BTreeSet::new();
    let mut table = None;
    for pid in pids {
        let process = Process::new(i32::try_from(pid).ok()?).ok()?;
        for descriptor in process.fd().ok()?.flatten() {
            if let FDTarget::Socket(inode) = descriptor.target {
                sockets.insert(inode);
            }
        }
        if table.is_none() {
            let mut entries = process.tcp().ok()?;
            // A kernel may be without IPv6.
            entries.extend(process.tcp6().unwrap_or_default());
            table = Some(entries);
        }
    }
    let mut own = table?;
    own.retain(|entry| sockets.contains(&entry.inode));
    let listening: BTreeSet<u16> = own
        .iter()
        .filter(|entry| entry.state == TcpState::Listen)
        .map(|entry| entry.local_address.port())
        .collect();
    let is_opened = |entry: &&procfs::net::TcpNetEntry| {
        entry.state == TcpState::Established && !listening.contains(&entry.local_address.port())
    };
    Some(own.iter().filter(is_opened).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::process::{Command, Stdio};

    #[test]
    fn opened_connections_count_and_accepted_ones_do_not() {
        // A process of its own: other tests of this one open and accept connections at the same time.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let script = format!("exec 3<>/dev/tcp/{}/{}; read end", address.ip(), address.port());
        let mut child = Command::new("bash")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .spawn()
            .expect("bash is there");
        let accepted = listener.accept().unwrap();
        assert_eq!(opened([child.id()].into_iter()), Some(1));
        drop(accepted);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(opened([child.id()].into_iter()), None, "it has ended");

        let own = std::process::id();
        let before = TcpStream::connect(address).unwrap();
        let after = listener.accept().unwrap();
        assert!(opened([own].into_iter()).is_some());
        drop((before, after));
    }
}
