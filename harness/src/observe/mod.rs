//! What a trial cost, by the accounts of the kernel, the database and valgrind.

pub mod callgrind;
pub mod container;
mod cpu_times;
pub mod meter;
pub mod netns;
mod other;
pub mod processes;
mod sockets;
pub mod steal;
pub mod usage;
pub mod window;
