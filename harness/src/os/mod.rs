//! The operating system: processes, CPUs, control groups, locks, sockets, and facts about the machine.

pub mod cgroup;
pub mod doctor;
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
pub(crate) mod sys;
pub mod url;
