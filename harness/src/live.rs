//! The executor that really starts and measures.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::backend::{Backend, Instance};
use crate::definition::Server;
use crate::load::spec::Shard;
use crate::load::{LoadSpec, Pace};
use crate::plan::Cell;
use crate::runner::Executor;
use crate::trial::{self, Measured, TrialError};
use crate::units::Nanos;

/// A request that takes longer is an error.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Servers on a backend.
pub struct Live<'a> {
    backend: &'a mut dyn Backend,
    running: Option<Box<dyn Instance>>,
    stop: &'a AtomicBool,
}

impl<'a> Live<'a> {
    /// On `backend`; a trial ends early when `stop` becomes true.
    pub fn new(backend: &'a mut dyn Backend, stop: &'a AtomicBool) -> Live<'a> {
        Live { backend, running: None, stop }
    }

    /// The server that runs.
    pub fn running(&self) -> Option<&dyn Instance> {
        self.running.as_deref()
    }
}

impl Executor for Live<'_> {
    fn start(&mut self, server: &Server) -> Result<(), String> {
        self.running = Some(self.backend.start(server).map_err(|error| error.to_string())?);
        Ok(())
    }

    fn trial(
        &mut self,
        server: &Server,
        cell: &Cell,
        pace: Pace,
        seed: u64,
    ) -> Result<Measured, TrialError> {
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
            warmup: cell.times.warmup().into(),
            window: cell.times.window().into(),
            timeout: Nanos::from(TIMEOUT),
            seed,
        };
        trial::measure(self.backend, instance.as_mut(), &spec, self.stop)
    }

    fn stop(&mut self) -> Result<(), String> {
        match self.running.take() {
            Some(instance) => instance.stop().map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }
}
