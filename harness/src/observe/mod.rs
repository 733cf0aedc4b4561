//! What a trial cost, as the kernel and the database tell it.

pub mod cgroup;
pub mod container;
pub mod counts;
pub mod part;
pub mod processes;
pub mod steal;
pub mod window;
