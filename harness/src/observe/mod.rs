//! What a trial cost, by the accounts of the kernel, the database and valgrind.

pub mod callgrind;
pub mod container;
pub mod meter;
pub mod netns;
pub mod processes;
mod sockets;
pub mod steal;
pub mod usage;
pub mod window;
