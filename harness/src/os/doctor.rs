//! Checks of this machine: what makes results worse, and the command that fixes it.

use std::fs;

use nix::sys::resource::{Resource, getrlimit};
use procfs::{Current, LoadAverage};

use crate::os::cgroup;
use crate::os::machine;
use crate::os::placement::{Cpus, Placement, PlacementError};

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The property that was checked.
    pub what: &'static str,
    /// The value that was found.
    pub found: String,
    /// Why the value makes results worse, and what to do; absent where all is well.
    pub mend: Option<String>,
}

/// Memory for the database's buffer pool, logs and connections, the builds before a run, and the page cache.
const MEMORY_MIB: u64 = 3 * 1024;
/// Open files for the database alone: 512 connections and 2,000 tables.
const FILES: u64 = 4096;
/// The backlog with which the project's own servers listen.
const BACKLOG: u64 = 1024;
/// The average number of runnable processes above which another program is at work.
const BUSY: f32 = 0.5;

/// Runs all checks.
///
/// # Errors
/// When the kernel does not say which CPUs this process may use.
pub fn examine() -> Result<Vec<Finding>, PlacementError> {
    let usable = Placement::usable()?;
    Ok(vec![
        cores(usable.count()),
        shared_cores(&Placement::by_size(&usable), &machine::shared_cores(&usable)),
        quota(cgroup::limits().cpus),
        governor(&machine::governor()),
        files(getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft)),
        backlog(number("/proc/sys/net/core/somaxconn")),
        memory(machine::available_mib()),
        busy(LoadAverage::current().map_or(0.0, |load| load.one)),
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

/// Whether parts share a core where `placement` is not overridden. `shared` are the CPUs of each core that has several.
fn shared_cores(placement: &Placement, shared: &[Cpus]) -> Finding {
    let pairs = placement.sharing_cores(shared);
    let pairs: Vec<String> = pairs.iter().map(|(a, b)| format!("{a} and {b}")).collect();
    let cores: Vec<String> = shared.iter().map(Cpus::to_string).collect();
    let mend = (!pairs.is_empty()).then(|| {
        format!(
            "the parts slow each other down ({}): give no two of them CPUs of one core ({}) with --cpus, or switch SMT off",
            pairs.join(", "),
            cores.join(", ")
        )
    });
    let found = if pairs.is_empty() { "none between parts" } else { "parts share a core" };
    finding("shared cores", found.to_owned(), mend)
}

/// The quota of the control groups of this process, in CPUs' worth of time.
fn quota(cpus: Option<f64>) -> Finding {
    let mend = cpus.is_some().then(|| {
        "a control group keeps the whole run from running whenever the quota is used up, in bursts that the figures hold: \
         run outside of it, or remove its CPU quota"
            .to_owned()
    });
    let found = cpus.map_or("none".to_owned(), |cpus| format!("{cpus} CPUs' worth of time"));
    finding("CPU quota", found, mend)
}

fn governor(governor: &str) -> Finding {
    let mend = (!matches!(governor, "" | "performance")).then(|| {
        "the clock varies with the load, and so do the results: run `sudo cpupower frequency-set -g performance`".to_owned()
    });
    let found =
        if governor.is_empty() { "none: the system cannot set the clock" } else { governor };
    finding("frequency governor", found.to_owned(), mend)
}

fn files(limit: u64) -> Finding {
    let mend = (limit < FILES).then(|| format!("connections may fail: run `ulimit -n {FILES}`"));
    finding("open files", format!("at most {limit}"), mend)
}

fn backlog(limit: u64) -> Finding {
    let mend = (limit < BACKLOG).then(|| {
        format!("connections may be refused: run `sudo sysctl -w net.core.somaxconn={BACKLOG}`")
    });
    finding("listen backlog", format!("at most {limit}"), mend)
}

fn memory(available: u64) -> Finding {
    let mend = (available < MEMORY_MIB).then(|| {
        format!(
            "the table may not stay in memory, so that the disk is measured: free {MEMORY_MIB} MiB"
        )
    });
    finding("memory", format!("{available} MiB available"), mend)
}

fn busy(minute: f32) -> Finding {
    let mend = (minute > BUSY).then(|| {
        "another program is running and takes CPU time from the measurement: find it with `top`, and end it \
         or wait for it"
            .to_owned()
    });
    finding("other work", format!("{minute} processes ran on average in the last minute"), mend)
}

fn number(path: &str) -> u64 {
    fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_has_a_mend_only_where_something_is_wrong() {
        let pairs = [
            (cores(2), cores(16)),
            (governor("powersave"), governor("performance")),
            (quota(Some(1.5)), quota(None)),
            (files(256), files(65_536)),
            (backlog(128), backlog(4096)),
            (memory(512), memory(16_000)),
            (busy(3.2), busy(0.02)),
        ];
        for (bad, good) in pairs {
            assert!(bad.mend.is_some(), "{bad:?}");
            assert_eq!(good.mend, None, "{good:?}");
        }
        let placement = Placement::by_size(&(0..4).collect());
        let bad = shared_cores(&placement, &[(0..2).collect()]);
        assert!(bad.mend.unwrap().contains("(server and db): give"));
        assert_eq!(shared_cores(&placement, &[(1..3).collect()]).mend, None);
        assert_eq!(governor("").mend, None, "a virtual machine has no governor");
    }
}
