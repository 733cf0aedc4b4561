//! The executor that really starts and measures.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::blocks::Executor;
use super::trial::{TrialError, self_driven, shards};
use crate::backend::{Backend, BackendError, BuildInfo, Instance};
use crate::definition::Server;
use crate::definition::cell::Cell;
use crate::failure::Stage;
use crate::format::measured::Measured;
use crate::load::spec::{SLICE, Shard};
use crate::load::{LoadSpec, Pace};
use crate::units::Nanos;

/// A request that takes longer is an error.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Servers on a backend.
pub struct BackendExecutor<'a> {
    backend: &'a mut dyn Backend,
    running: Option<Box<dyn Instance>>,
    stop: &'a AtomicBool,
    lost_database: Option<BackendError>,
}

impl<'a> BackendExecutor<'a> {
    /// On `backend`; a trial ends early when `stop` becomes true.
    pub fn new(backend: &'a mut dyn Backend, stop: &'a AtomicBool) -> BackendExecutor<'a> {
        BackendExecutor { backend, running: None, stop, lost_database: None }
    }

    /// Builds a server.
    ///
    /// # Errors
    /// Which stage failed, and why.
    pub fn build(&mut self, server: &Server) -> Result<BuildInfo, (Stage, String)> {
        self.backend.build(server, self.stop)
    }

    /// The server that runs.
    pub fn running(&self) -> Option<&dyn Instance> {
        self.running.as_deref()
    }

    /// That the database is gone, if that is what ended the run.
    pub fn lost_database(&self) -> Option<&BackendError> {
        self.lost_database.as_ref()
    }

    /// Whether the run ends for a reason that is no server's fault: what failed since is not its failure.
    pub fn is_over(&mut self) -> bool {
        if self.lost_database.is_none() {
            self.lost_database = self.backend.check_database().err();
        }
        self.lost_database.is_some() || self.stop.load(Ordering::Relaxed)
    }
}

impl Executor for BackendExecutor<'_> {
    fn start(&mut self, server: &Server) -> Result<(), String> {
        match self.backend.start(server, self.stop) {
            Ok(instance) => self.running = Some(instance),
            // The trial tells it.
            Err(_) if self.is_over() => {}
            Err(error) => return Err(error.to_string()),
        }
        Ok(())
    }

    fn trial(
        &mut self,
        server: &Server,
        cell: &Cell,
        pace: Pace,
        seed: u64,
    ) -> Result<Measured, TrialError> {
        if self.is_over() {
            return Err(TrialError::Interrupted);
        }
        let Some(instance) = &mut self.running else {
            return Err(TrialError::Load("there is no server to load".into()));
        };
        let spec = LoadSpec {
            address: instance.address(),
            path: cell.scenario.path.clone(),
            asks: cell.scenario.asks,
            has_rows: server.has_database(),
            users: cell.load.users,
            pace,
            shard: Shard { index: 0, count: 1 },
            warmup: cell.times.warmup(),
            window: cell.times.window().into(),
            timeout: Nanos::from(TIMEOUT),
            seed,
            slice: SLICE,
        };
        let measure = if server.drives_itself { self_driven::measure } else { shards::measure };
        let result = measure(self.backend, instance.as_mut(), &spec, self.stop);
        // What a server answers without its database is not its performance.
        if self.is_over() { Err(TrialError::Interrupted) } else { result }
    }

    fn stop(&mut self) -> Result<(), String> {
        match self.running.take() {
            Some(instance) => instance.stop().map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }
}
