//! The operating system: processes, CPUs, control groups, locks, sockets, and facts about the machine.

pub mod cgroup;
pub mod doctor;
pub mod git;
pub mod http;
pub mod lock;
pub mod log;
pub mod machine;
pub mod netprobe;
pub mod part;
pub mod placement;
pub mod port;
pub mod process;
pub mod stop;
#[cfg(test)]
pub(crate) mod synthetic_repository;
pub(crate) mod sys;
pub mod url;
pub mod worktree;
