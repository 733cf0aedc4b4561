//! A trial whose load the backend starts, with one shard for each CPU of the load.

use crate::backend::{Backend, Instance};
use crate::definition::Server;
use crate::failure::{Error, Failed, Stage};
use crate::format::measured::Measured;
use crate::load::LoadSpec;
use crate::os::stop::Stop;

/// Loads `instance` as `spec` says.
///
/// # Errors
/// When the load cannot be completed, the server ends, or the run is interrupted.
pub fn measure(
    backend: &mut dyn Backend,
    (server, instance): (&Server, &mut dyn Instance),
    spec: &LoadSpec,
    stop: &Stop,
) -> Result<Measured, Error<Failed>> {
    let shards = spec.shards(backend.placement().sets.load.count() as u32);
    let mut load = backend.start_load(&shards, stop).map_err(|error| error.at(Stage::Load))?;
    super::measure(backend, (server, instance), load.as_mut(), spec, stop)
}
