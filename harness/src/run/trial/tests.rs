use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};

use super::*;
use crate::backend::{BuildInfo, Builder};
use crate::database::Counters;
use crate::definition::Server;
use crate::definition::synthetic_registry::synthetic_registry;
use crate::definition::warmup::{WarmedUp, Warmup};
use crate::format::site::Site;
use crate::load::LoadRecord;
use crate::observe::meter::Meter;
use crate::observe::processes::Processes;
use crate::os::placement::Placement;
use crate::service::Services;
use crate::units::{Moment, Nanos};

/// A load that reports these events, and then ends.
struct Scripted {
    events: VecDeque<LoadEvent>,
    /// What was asked of it.
    log: Vec<&'static str>,
    /// When it says the next one, if not at once.
    waits: Option<Moment>,
}

impl Scripted {
    fn new(events: impl IntoIterator<Item = LoadEvent>) -> Scripted {
        Scripted { events: events.into_iter().collect(), log: Vec::new(), waits: None }
    }
}

impl RunningLoad for Scripted {
    fn meter(&self) -> Result<Option<Box<dyn Meter>>, Error> {
        Ok(Some(this_process()))
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.log.push("begin");
        Ok(())
    }

    fn open_window(&mut self) -> Result<(), Error> {
        self.log.push("open window");
        Ok(())
    }

    fn next(&mut self, timeout: Duration) -> Result<Option<LoadEvent>, Error> {
        if self.waits.is_some_and(|until| Moment::now() < until) {
            std::thread::sleep(timeout);
            return Ok(None);
        }
        let event = self.events.pop_front();
        // A load sends its record after its window.
        if let Some(LoadEvent::Window { end, .. }) = &event {
            self.waits = Some(*end);
        }
        match event {
            Some(event) => Ok(Some(event)),
            None => Err(Error::Failed("it ended without a record".into())),
        }
    }
}

/// A backend that observes this process, and does nothing that a trial does not ask of it.
struct Idle(Placement);

impl Builder for Idle {
    fn build(&mut self, _: &Server, _: &Stop) -> Result<BuildInfo, Error<Failed>> {
        unreachable!("a trial builds nothing")
    }
}

impl Backend for Idle {
    fn services(&self) -> &Services {
        unreachable!("a trial asks the backend for what it needs of the services")
    }
    fn prepare(&mut self, _: &Stop) -> Result<(), Error> {
        unreachable!("a trial prepares nothing")
    }
    fn placement(&self) -> &Placement {
        &self.0
    }
    fn site(&self) -> Option<Site> {
        None
    }
    fn start(&mut self, _: &Server, _: &Stop) -> Result<Box<dyn Instance>, Error> {
        unreachable!("a trial has a running server")
    }
    fn start_load(&mut self, _: &[LoadSpec], _: &Stop) -> Result<Box<dyn RunningLoad>, Error> {
        unreachable!("the test gives the load")
    }
    fn check_services(&self) -> Result<(), Error> {
        Ok(())
    }
    fn database_meter(&self, _: &Server) -> Option<Box<dyn Meter>> {
        None
    }
    fn database_counters(&self, _: &Server) -> Option<Counters> {
        None
    }
    fn close(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}

impl Instance for Idle {
    fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, 1).into()
    }
    fn meter(&mut self) -> Result<Box<dyn Meter>, Error> {
        Ok(this_process())
    }
    fn gone(&mut self) -> Error {
        Error::Failed("is gone".into())
    }
    fn stop(self: Box<Self>) -> Result<(), Error> {
        Ok(())
    }
}

fn this_process() -> Box<dyn Meter> {
    Box::new(Processes::alone(std::process::id()))
}

fn idle() -> Idle {
    Idle(Placement::by_size(&(0..2).collect()))
}

fn measured(load: &mut Scripted) -> Result<Measured, Error<Failed>> {
    let warmup = Warmup { least: Nanos(400_000_000), most: Nanos(2_000_000_000) };
    let spec = LoadSpec { warmup, ..LoadSpec::example() };
    let server = synthetic_registry().servers().first().expect("it has servers").clone();
    measure(&idle(), (&server, &mut idle()), load, &spec, &Stop::never())
}

/// A window that begins `millis` from now, and is 20 ms long.
fn window(millis: u64, warmup: Option<WarmedUp>) -> LoadEvent {
    let start = Moment::now() + Nanos(millis * 1_000_000);
    LoadEvent::Window { start, end: start + Nanos(20_000_000), warmup }
}

fn record() -> LoadEvent {
    LoadEvent::Record(Box::new(LoadRecord { right: 7, ..LoadRecord::default() }))
}

#[test]
fn the_window_opens_once_the_rate_is_steady_and_is_metered() {
    let window = [window(30, None), record()];
    let mut load = Scripted::new(vec![LoadEvent::WarmingUp(1_000); 6].into_iter().chain(window));
    let measured = measured(&mut load).unwrap();
    assert_eq!(load.log, ["begin", "open window"]);
    let length = Nanos(400_000_000);
    assert_eq!(measured.warmup, Some(WarmedUp { length, steady: true }));
    assert_eq!(measured.record.right, 7);
    let resources = measured.resources;
    assert!(resources.interval >= Nanos(20_000_000) && resources.db.is_none(), "{resources:?}");
    for part in [resources.server, resources.load] {
        assert!(part.interval.is_some() && part.anonymous_kib > 0, "{resources:?}");
    }
}

#[test]
fn a_load_may_end_its_warm_up_by_itself() {
    let ended = WarmedUp { length: Nanos(5), steady: false };
    let mut load = Scripted::new([window(0, Some(ended)), record()]);
    assert_eq!(measured(&mut load).unwrap().warmup, Some(ended));
    assert_eq!(load.log, ["begin"]);
}

#[test]
fn a_load_without_a_window_or_a_record_has_failed() {
    assert_eq!(
        measured(&mut Scripted::new([record()])),
        Err(load_failed("its record came before its window had ended"))
    );
    assert_eq!(
        measured(&mut Scripted::new([window(0, None)])),
        Err(load_failed("it ended without a record"))
    );
}

#[test]
fn a_load_that_goes_on_reporting_does_not_put_the_deadline_off() {
    let mut load = Scripted::new([LoadEvent::WarmingUp(1), LoadEvent::WarmingUp(2)]);
    let deadline = Instant::now() + Duration::from_millis(20);
    let stop = Stop::never();
    assert_eq!(next(&mut load, deadline, None, &stop, || {}), Ok(Some(LoadEvent::WarmingUp(1))));
    std::thread::sleep(Duration::from_millis(25));
    let late = next(&mut load, deadline, None, &stop, || {});
    assert_eq!(late, Err(load_failed("it did not end in time")));
    assert_eq!(load.events.len(), 1, "it was not asked any more");
}

#[test]
fn a_trial_that_is_stopped_is_no_failure() {
    let stop = Stop::default();
    stop.set();
    let deadline = Instant::now() + Duration::from_secs(60);
    let stopped = next(&mut Scripted::new([record()]), deadline, None, &stop, || {});
    assert_eq!(stopped, Err(Error::Interrupted));
}

#[test]
fn what_is_due_waits_for_no_event() {
    let mut load = Scripted::new([window(60_000, None), record()]);
    let deadline = Instant::now() + Duration::from_secs(60);
    let stop = Stop::never();
    let mut ask = |due| next(&mut load, deadline, due, &stop, || {});
    assert!(matches!(ask(None), Ok(Some(LoadEvent::Window { .. }))));
    let due = Moment::now() + Nanos(5_000_000);
    assert_eq!(ask(Some(due)), Ok(None), "the load says nothing for a minute");
    assert!(Moment::now() >= due);
}
