//! The load: asks one server, times every answer, and accounts for every request.
//!
//! One process, one thread. [`goose`] owns the users; each of them asks through a [`probe`] of its own,
//! one keep-alive connection; the [`engine`] says when the next request is due and what it asks
//! ([`arrivals`], [`requests`]), checks the answer ([`check`]) and records it ([`recorder`]). More CPUs
//! are used by more processes, each a shard, whose records are added exactly ([`record`]); all begin their window at the
//! same moment, when their rate together is steady ([`warmup`]).

pub mod arrivals;
pub mod check;
pub mod engine;
pub mod goose;
pub mod latencies;
pub mod probe;
pub mod protocol;
pub mod record;
pub mod recorder;
pub mod requests;
pub mod response;
pub mod spec;
pub mod timer;
pub mod warmup;

pub use record::LoadRecord;
pub use spec::{LoadSpec, Pace};
