//! The load: asks one server, times every answer, and accounts for every request.
//!
//! One process, one thread. [`goose`] owns the users, each of whom has one keep-alive [`connection`]. The [`engine`] decides
//! when the next request is due ([`arrivals`]), has the workload write it and check its answer, and records the result
//! ([`recorder`]). More processes use more CPUs, each as a shard, whose records are added exactly ([`record`]); all shards begin
//! their window at the same moment, when their joint rate is steady ([`warmup`]).

pub mod arrivals;
pub mod connection;
pub mod engine;
pub mod goose;
pub mod protocol;
pub mod record;
pub mod recorder;
pub mod response;
pub mod seconds;
pub mod spec;
pub mod timer;
pub mod warmup;
pub mod window;

pub use record::LoadRecord;
pub use spec::{LoadSpec, Pace};
