//! What every Rust server has in common, so that two servers differ only in their framework and their layer:
//! settings, the [`Store`] trait, request parameters, the listening socket, the allocator and the process's manners.
//!
//! `servers/CONTRACT.md` says the same for servers in any language.

mod health;
mod launch;
mod name;
mod settings;
mod shutdown;
mod store;
mod timestamp;

pub use health::HealthError;
pub use launch::{Identity, LaunchError, launch, main, runtime};
pub use name::{ALPHABET, DemoQuery, NAME_LEN, NameError, random_name};
pub use settings::{DatabaseUrl, Settings, SettingsError};
pub use shutdown::Shutdown;
pub use store::{DEADLINE, ErrorBody, HealthBody, Store, StoreError, within_deadline};
pub use timestamp::serialize_utc;

// The allocator decides some percent of a small request's cost, so all servers share one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
