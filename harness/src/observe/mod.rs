//! What a trial cost, by the accounts of the kernel and the database.

pub mod container;
pub mod meter;
pub mod netns;
pub mod processes;
mod sockets;
pub mod steal;
pub mod usage;
pub mod window;
