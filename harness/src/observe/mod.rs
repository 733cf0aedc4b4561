//! What a trial cost, as the kernel and the database tell it.

pub mod cgroup;
pub mod counts;
pub mod processes;
pub mod steal;
pub mod window;
