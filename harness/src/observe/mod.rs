//! What a trial cost, as the kernel and the database tell it.

pub mod container;
pub mod meter;
pub mod netns;
pub mod processes;
pub mod steal;
pub mod usage;
pub mod window;
