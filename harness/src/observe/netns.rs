//! The process behind an address of another network on this machine, such as a container's.

use std::fs;
use std::net::IpAddr;

/// The first process of the container whose network has the address `address`. It is found only where this process
/// can see all others, as in a container that shares the machine's process ids.
pub fn pid_of_address(address: IpAddr) -> Option<u32> {
    let entries = fs::read_dir("/proc").ok()?;
    let mut pids: Vec<u32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    // A network that this process shares does not show which process listens.
    let own = addresses(std::process::id());
    pids.into_iter().filter(|pid| is_first(*pid)).find(|pid| {
        let theirs = addresses(*pid);
        theirs != own && has(&theirs, address)
    })
}

/// Whether a process is the first of a container. Others, such as health checks, come and go.
fn is_first(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    numbers.is_some_and(|numbers| numbers.split_whitespace().last() == Some("1"))
}

/// The addresses of a process's network, as the kernel lists them; empty where it lists none.
fn addresses(pid: u32) -> String {
    let file = |name: &str| fs::read_to_string(format!("/proc/{pid}/net/{name}"));
    file("fib_trie").unwrap_or_default() + &file("if_inet6").unwrap_or_default()
}

fn has(listing: &str, address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            // A network's own address is a leaf of the table: its line, then its type.
            let leaf = format!("|-- {v4}");
            let mut lines = listing.lines().map(str::trim).peekable();
            std::iter::from_fn(|| lines.next().map(|line| (line, lines.peek().copied())))
                .any(|(line, next)| line == leaf && next == Some("/32 host LOCAL"))
        }
        IpAddr::V6(v6) => {
            let digits: String = v6.octets().iter().map(|byte| format!("{byte:02x}")).collect();
            listing.lines().any(|line| line.starts_with(&digits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     \
        +-- 172.18.0.0/16 2 0 2\n           |-- 172.18.0.0\n              /16 link UNICAST\n           \
        |-- 172.18.0.5\n              /32 host LOCAL\n           |-- 172.18.255.255\n              /32 link BROADCAST\n\
        fd000000000000000000000000000005 0c 40 00 80     eth0\n";

    #[test]
    fn an_address_is_ones_own_only_if_the_kernel_says_local() {
        for (address, own) in [
            ("172.18.0.5", true),
            ("172.18.0.0", false),
            ("172.18.255.255", false),
            ("172.18.0.50", false),
            ("fd00::5", true),
            ("fd00::6", false),
        ] {
            assert_eq!(has(LISTING, address.parse().unwrap()), own, "{address}");
        }
    }

    #[test]
    fn nobody_else_is_behind_this_machines_loopback() {
        assert!(has(&addresses(std::process::id()), "127.0.0.1".parse().unwrap()));
        assert_eq!(pid_of_address("203.0.113.7".parse().unwrap()), None);
    }
}
