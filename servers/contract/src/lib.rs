//! What every Rust server has in common, so that two servers differ only in their framework and their layer.
//!
//! [`endpoint`] has a module for each endpoint: its path, its parameters and the body of its answer. [`store`] has a
//! trait for each thing that a layer can do. The rest makes a process of them: settings, the listening socket, the
//! allocator, and an orderly end.
//!
//! `servers/CONTRACT.md` says the same for servers in any language.

pub mod endpoint;
mod health_check;
mod launch;
mod refusal;
mod settings;
mod shutdown;
pub mod store;
mod timestamp;

pub use health_check::HealthCheckError;
pub use launch::{Identity, LaunchError, block_on, launch, main};
pub use refusal::Refusal;
pub use settings::{DatabaseUrl, Family, Settings, SettingsError};
pub use shutdown::Shutdown;
pub use timestamp::serialize_utc;

// The allocator decides some percent of a small request's cost, so all servers share one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
