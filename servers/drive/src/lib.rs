//! `GET /drive`, the endpoint of a server that drives itself: its parameters, the events of its answer, and the rule
//! that ends a warm-up. `servers/CONTRACT.md` says the same for servers in any language.
//!
//! The server, the kit and the harness share it. It is a crate of its own because `contract` brings the servers'
//! allocator with it, which must not become the harness's.

mod edges;
mod event;
pub mod histogram;
mod parameters;
mod steady;

pub use edges::Edges;
pub use event::{Contradiction, Driven, Event};
pub use parameters::{Load, ParameterError, Parameters, Work};
pub use steady::{SLICE, SteadyRate};

/// The endpoint's path.
pub const PATH: &str = "/drive";
