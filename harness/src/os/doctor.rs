//! What on this machine makes results worse, and the command that mends it.

use std::fs;

use nix::sys::resource::{Resource, getrlimit};

use crate::os::machine;
use crate::os::placement::{Placement, PlacementError};

/// One look at the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// Why that makes results worse, and what mends it; absent if all is well.
    pub mend: Option<String>,
}

/// The database's buffer pool, its logs and connections, the builds before a run, and room for the page cache.
const MEMORY_MIB: u64 = 3 * 1024;
/// The database alone may have 512 connections and 2,000 tables open.
const FILES: u64 = 4096;
/// What the project's own servers ask for when they listen.
const BACKLOG: u64 = 1024;
/// Runnable processes on average: above that, another program takes part.
const BUSY: f64 = 0.5;

/// Looks at everything.
///
/// # Errors
/// When the kernel does not say which CPUs there are.
pub fn examine() -> Result<Vec<Finding>, PlacementError> {
    let usable = Placement::usable()?;
    Ok(vec![
        cores(usable.count()),
        governor(&machine::governor()),
        files(getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft)),
        backlog(number("/proc/sys/net/core/somaxconn")),
        memory(available_mib()),
        busy(&fs::read_to_string("/proc/loadavg").unwrap_or_default()),
    ])
}

fn finding(what: &'static str, found: String, mend: Option<String>) -> Finding {
    Finding { what, found, mend }
}

fn cores(count: usize) -> Finding {
    let mend = (count < 3).then(|| {
        "database and load share a CPU, so the database is the limit before most servers are: compare \
         server CPU per request, or use a machine with at least 8"
            .to_owned()
    });
    finding("cores", format!("{count} usable"), mend)
}

fn governor(governor: &str) -> Finding {
    let mend = (!matches!(governor, "" | "performance")).then(|| {
        "clock speed follows the load, and so do the results: sudo cpupower frequency-set -g performance".to_owned()
    });
    let found =
        if governor.is_empty() { "none: the clock is not the system's to set" } else { governor };
    finding("frequency governor", found.to_owned(), mend)
}

fn files(limit: u64) -> Finding {
    let mend = (limit < FILES).then(|| format!("connections may fail: ulimit -n {FILES}"));
    finding("open files", format!("at most {limit}"), mend)
}

fn backlog(limit: u64) -> Finding {
    let mend = (limit < BACKLOG).then(|| {
        format!("connections may be refused: sudo sysctl -w net.core.somaxconn={BACKLOG}")
    });
    finding("listen backlog", format!("at most {limit}"), mend)
}

fn memory(available: u64) -> Finding {
    let mend = (available < MEMORY_MIB).then(|| {
        format!("the table may not stay in memory, and the disk would be measured: free {MEMORY_MIB} MiB")
    });
    finding("memory", format!("{available} MiB available"), mend)
}

fn busy(loadavg: &str) -> Finding {
    let minute: f64 = loadavg.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0.0);
    let mend = (minute > BUSY).then(|| {
        "something else is running, and takes CPU time from what is measured: find it with top, and end it \
         or wait"
            .to_owned()
    });
    finding("other work", format!("{minute} processes ran on average in the last minute"), mend)
}

fn number(path: &str) -> u64 {
    fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn available_mib() -> u64 {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    machine::field(&meminfo, "MemAvailable")
        .and_then(|value| value.split(' ').next()?.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_has_a_mend_only_where_something_is_wrong() {
        let pairs = [
            (cores(2), cores(16)),
            (governor("powersave"), governor("performance")),
            (files(256), files(65_536)),
            (backlog(128), backlog(4096)),
            (memory(512), memory(16_000)),
            (busy("3.20 1.0 0.5 1/200 99"), busy("0.02 1.0 0.5 1/200 99")),
        ];
        for (bad, good) in pairs {
            assert!(bad.mend.is_some(), "{bad:?}");
            assert_eq!(good.mend, None, "{good:?}");
        }
        assert_eq!(governor("").mend, None, "a virtual machine has none to set");
    }
}
