//! The executor of real runs: servers on a backend.

use std::collections::BTreeMap;
use std::time::Instant;

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
use crate::observe::meter::Meter;
use crate::observe::steal::rounded;
use crate::os::stop::Stop;
use crate::units::Nanos;
use crate::workload::{Kind, Rows};

/// An executor that starts servers on a backend.
pub struct BackendExecutor<'a> {
    backend: &'a mut dyn Backend,
    /// By the server's name.
    running: BTreeMap<String, Box<dyn Instance>>,
    /// The meters of the processes that each of them had after its start.
    meters: BTreeMap<String, Box<dyn Meter>>,
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
        BackendExecutor { backend, running: BTreeMap::new(), meters: BTreeMap::new(), rows, stop }
    }

    /// A load that shares its CPUs would keep them from others while it stays awake.
    fn waiting(&self) -> Waiting {
        if self.backend.placement().load_is_alone() { Waiting::Spins } else { Waiting::Sleeps }
    }

    /// The CPU time that all running servers but `server` have used; absent without any, and if one of them cannot be read.
    fn used_by_others(&self, server: &Server) -> Option<Nanos> {
        let others = self.running.keys().filter(|name| **name != server.name);
        let mut used = others.map(|name| Some(self.meters.get(name)?.cpu().ok()?.cpu));
        let first = used.next()??;
        used.try_fold(first, |all, one| Some(all + one?))
    }

    /// Removes the rows that a server was asked to insert.
    fn remove_insertions(&self, server: &Server) -> Result<(), Error> {
        self.unless_over(self.backend.services().remove_insertions(server).map_err(Error::from))
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
        let meter = instance.meter().ok();
        let start = start_of(instance.as_ref(), meter.as_deref());
        self.running.insert(server.name.clone(), instance);
        self.meters.extend(meter.map(|meter| (server.name.clone(), meter)));
        Ok(start)
    }

    fn verify(&mut self, server: &Server) -> Result<(), Error> {
        let instance = self.running.get(&server.name).ok_or_else(not_running)?;
        let none = Rows::none();
        let rows = if server.has_database() { self.rows } else { &none };
        let verified = verify::verify(instance.address(), &server.answers, rows, self.stop);
        let verified = verified.map_err(|error| error.map(|violation| violation.to_string()));
        let verified = self.unless_over(verified);
        let answers_changes = |kind: Kind| {
            kind.owes().changes > 0 && server.answers.iter().any(|answer| answer == kind.endpoint())
        };
        if Kind::ALL.into_iter().any(answers_changes) {
            verified.and(self.remove_insertions(server))
        } else {
            verified
        }
    }

    fn trial(
        &mut self,
        server: &Server,
        cell: &Cell,
        asked: Asked,
    ) -> Result<Measured, Error<Failed>> {
        self.unless_over(Ok(()))?;
        let waiting = self.waiting();
        let (began, before) = (Instant::now(), self.used_by_others(server));
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
        let measured = measure(self.backend, (server, instance.as_mut()), &spec, self.stop);
        let measured = self.unless_over(measured)?;
        if cell.scenario.asks.owes().changes > 0 {
            self.remove_insertions(server).map_err(|error| error.at(Stage::Trial))?;
        }
        let cpus = self.backend.placement().all().count() as f64;
        let share = |used: Nanos| used.as_secs() / began.elapsed().as_secs_f64() / cpus;
        let used = before.zip(self.used_by_others(server)).map(|(before, after)| after - before);
        Ok(Measured { other_servers: used.map(|used| rounded(share(used))), ..measured })
    }

    fn stop(&mut self, server: &Server) -> Result<(), Error> {
        self.meters.remove(&server.name);
        let Some(instance) = self.running.remove(&server.name) else { return Ok(()) };
        let stopped = instance.stop();
        self.backend.check_services().and(stopped)
    }
}

/// What the start of a healthy server showed. If the server is gone by now, its first trial finds that out.
fn start_of(instance: &dyn Instance, meter: Option<&dyn Meter>) -> Start {
    Start {
        first_answer: instance.first_answer(),
        idle_anonymous_kib: meter.map(Meter::anonymous_kib),
        idle_resident_kib: meter.and_then(Meter::resident_kib),
    }
}

fn not_running() -> Error {
    Error::Failed("it does not run".into())
}
