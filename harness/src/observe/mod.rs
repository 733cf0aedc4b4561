//! What a trial cost, by the accounts of the kernel and the database.

pub mod container;
mod cpu_times;
pub mod meter;
pub mod netns;
mod other;
pub mod processes;
pub mod steal;
pub mod usage;
pub mod window;
