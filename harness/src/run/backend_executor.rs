//! The executor of real runs: servers on a backend.

use std::collections::BTreeMap;

use super::executor::{Asked, Executor};
use super::trial::{self_driven, shards};
use super::verify;
use crate::backend::{Backend, BuildInfo, Instance};
use crate::definition::Server;
use crate::definition::cell::Cell;
use crate::failure::{Error, Failed, Stage};
use crate::format::measured::{Measured, Start};
use crate::load::LoadSpec;
use crate::load::spec::{Shard, TRANSACTION};
use crate::load::timer::Waiting;
use crate::os::stop::Stop;
use crate::workload::Rows;

/// An executor that starts servers on a backend.
pub struct BackendExecutor<'a> {
    backend: &'a mut dyn Backend,
    /// By the server's name.
    running: BTreeMap<String, Box<dyn Instance>>,
    rows: &'a Rows,
    stop: &'a Stop,
}

impl<'a> BackendExecutor<'a> {
    /// An executor on `backend`, which verifies answers by `rows`, and whose steps end early when `stop` is set.
    pub fn new(
        backend: &'a mut dyn Backend,
        rows: &'a Rows,
        stop: &'a Stop,
    ) -> BackendExecutor<'a> {
        BackendExecutor { backend, running: BTreeMap::new(), rows, stop }
    }

    /// A load that shares its CPUs would keep them from others while it stays awake.
    fn waiting(&self) -> Waiting {
        if self.backend.placement().load_is_alone() { Waiting::Spins } else { Waiting::Sleeps }
    }

    /// The result of a step, unless the run ends for a reason that is not the server's fault: without its services, a
    /// server's measurements and failures do not count.
    ///
    /// # Errors
    /// The error of the step, the interruption, or the loss of a service.
    fn unless_over<T, F>(&self, result: Result<T, Error<F>>) -> Result<T, Error<F>> {
        if let Err(Error::ServiceLost(how)) = self.backend.check_services() {
            return Err(Error::ServiceLost(how));
        }
        self.stop.check()?;
        result
    }
}

impl Executor for BackendExecutor<'_> {
    fn build(&mut self, server: &Server) -> Result<BuildInfo, Error<Failed>> {
        let built = self.backend.build(server, self.stop);
        self.unless_over(built)
    }

    fn start(&mut self, server: &Server) -> Result<Start, Error> {
        let started = self.backend.start(server, self.stop);
        let mut instance = self.unless_over(started)?;
        let start = start_of(instance.as_mut());
        self.running.insert(server.name.clone(), instance);
        Ok(start)
    }

    fn verify(&mut self, server: &Server) -> Result<(), Error> {
        let instance = self.running.get(&server.name).ok_or_else(not_running)?;
        let none = Rows::none();
        let rows = if server.has_database() { self.rows } else { &none };
        let verified = verify::verify(instance.address(), &server.answers, rows, self.stop);
        self.unless_over(verified.map_err(|error| error.map(|violation| violation.to_string())))
    }

    fn trial(
        &mut self,
        server: &Server,
        cell: &Cell,
        asked: Asked,
    ) -> Result<Measured, Error<Failed>> {
        self.unless_over(Ok(()))?;
        let waiting = self.waiting();
        let instance = self.running.get_mut(&server.name);
        let instance = instance.ok_or_else(|| not_running().at(Stage::Load))?;
        let spec = LoadSpec {
            address: instance.address(),
            path: cell.scenario.path.clone(),
            asks: cell.scenario.asks,
            has_rows: server.has_database(),
            users: cell.load.users,
            pace: asked.pace,
            shard: Shard { index: 0, count: 1 },
            warmup: asked.warmup,
            window: cell.times.window().into(),
            timeout: cell.scenario.timeout.0.into(),
            seed: asked.seed,
            waiting,
            slice: TRANSACTION,
        };
        let measure = if server.drives_itself { self_driven::measure } else { shards::measure };
        let measured = measure(self.backend, instance.as_mut(), &spec, self.stop);
        self.unless_over(measured)
    }

    fn stop(&mut self, server: &Server) -> Result<(), Error> {
        let Some(instance) = self.running.remove(&server.name) else { return Ok(()) };
        let stopped = instance.stop();
        self.backend.check_services().and(stopped)
    }
}

/// What the start of a healthy server showed. If the server is gone by now, its first trial finds that out.
fn start_of(instance: &mut dyn Instance) -> Start {
    let meter = instance.meter().ok();
    Start {
        first_answer: instance.first_answer(),
        idle_anonymous_kib: meter.as_ref().map(|meter| meter.anonymous_kib()),
        idle_resident_kib: meter.as_ref().and_then(|meter| meter.resident_kib()),
    }
}

fn not_running() -> Error {
    Error::Failed("it does not run".into())
}
