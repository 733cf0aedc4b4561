//! A run: servers are prepared, then measured block by block, with each result in the journal as soon as it is there.
//!
//! [`mod@prepare`] and [`blocks`] carry out a plan through an [`executor::Executor`]; [`backend_executor`] is the one
//! that starts servers on a backend and measures each cell as a [`trial`].

pub mod backend_executor;
pub mod blocks;
mod client;
pub mod common_rate;
pub mod connections;
pub mod count;
pub mod execute;
pub mod executor;
pub mod prepare;
pub mod progress;
pub mod record;
pub mod resume;
pub mod trial;
pub mod verify;

#[cfg(test)]
mod mock;
