//! A trial of a server that drives itself: a layer without HTTP. A request over HTTP makes it begin; in the answer it
//! reports the ends of its window, and at last what it counted.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use drive::{Driven, Event, Parameters, Work};

use super::longest;
use crate::backend::{Backend, Instance, LoadEvent, RunningLoad};
use crate::definition::Server;
use crate::definition::warmup::WarmedUp;
use crate::failure::{Error, Failed, Stage};
use crate::format::measured::Measured;
use crate::load::record::{ErrorKind, Errors, Latencies};
use crate::load::{LoadRecord, LoadSpec};
use crate::observe::meter::Meter;
use crate::os::http;
use crate::os::stop::Stop;
use crate::units::{Moment, Nanos};
use crate::workload::Kind;

/// Lets `instance` query its database as `spec`, a closed load's, says.
///
/// # Errors
/// When the load is not completed, or the run is interrupted.
pub fn measure(
    backend: &mut dyn Backend,
    (server, instance): (&Server, &mut dyn Instance),
    spec: &LoadSpec,
    stop: &Stop,
) -> Result<Measured, Error<Failed>> {
    let mut load = SelfDriven { address: instance.address(), spec: spec.clone(), events: None };
    let measured = super::measure(backend, (server, &mut *instance), &mut load, spec, stop);
    // The load is the server itself, so whatever goes wrong with it is the server's failure; if it has ended, its log
    // says why.
    measured.map_err(|error| match error {
        Error::Failed(Failed { stage: Stage::Load, reason }) => {
            instance.meter().err().unwrap_or(Error::Failed(reason)).at(Stage::Trial)
        }
        error => error,
    })
}

/// The load that a server puts on itself. It ends its warm-up and opens its window by itself.
struct SelfDriven {
    address: SocketAddr,
    spec: LoadSpec,
    /// The events that the server reports; absent until the load has begun.
    events: Option<Receiver<Result<Event, String>>>,
}

impl RunningLoad for SelfDriven {
    fn meter(&self) -> Result<Option<Box<dyn Meter>>, Error> {
        Ok(None)
    }

    fn begin(&mut self) -> Result<(), Error> {
        let (sender, events) = channel();
        listen(self.address, target(&self.spec), longest(&self.spec), sender);
        self.events = Some(events);
        Ok(())
    }

    fn open_window(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn next(&mut self, timeout: Duration) -> Result<Option<LoadEvent>, Error> {
        let events = self.events.as_ref();
        let events = events.ok_or_else(|| Error::Failed("it has not begun".into()))?;
        let event = match events.recv_timeout(timeout) {
            Ok(event) => event.map_err(Error::Failed)?,
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::Failed("it ended without a record".into()));
            }
        };
        match event {
            Event::Window { start_ns, warmup_ns, steady } => {
                let warmup = WarmedUp { length: Nanos(warmup_ns), steady };
                let warmup = (!self.spec.warmup.is_fixed()).then_some(warmup);
                let start = Moment(start_ns);
                Ok(Some(LoadEvent::Window { start, end: start + self.spec.window, warmup }))
            }
            Event::Driven(driven) => {
                driven.check(self.spec.window.0).map_err(|contradiction| {
                    Error::Failed(format!("its counts cannot be: {contradiction}"))
                })?;
                Ok(Some(LoadEvent::Record(Box::new(record(&self.spec, *driven)))))
            }
            Event::Failed { reason } => Err(Error::Failed(reason)),
        }
    }
}

/// The work of a layer alone that is that of a request of this kind.
fn work(asks: Kind) -> Work {
    match asks {
        Kind::RandomName | Kind::DrawnName | Kind::Nothing => Work::Demo,
        Kind::GivenName => Work::DemoName,
        Kind::Page => Work::Page,
        Kind::Agents => Work::Agents,
        Kind::Insert => Work::Insert,
        Kind::BatchOneByOne => Work::Batch,
        Kind::BatchAtOnce => Work::BatchAtOnce,
    }
}

fn target(spec: &LoadSpec) -> String {
    let millis = |length: Nanos| length.0 / 1_000_000;
    let parameters = Parameters {
        work: work(spec.asks),
        users: spec.users as usize,
        warmup_ms: millis(spec.warmup.least),
        warmup_limit_ms: millis(spec.warmup.most),
        window_ms: millis(spec.window),
    };
    parameters.target()
}

/// Passes on the events of the answer until it ends, or the reason why one cannot be read.
fn listen(
    address: SocketAddr,
    target: String,
    timeout: Duration,
    events: Sender<Result<Event, String>>,
) {
    thread::spawn(move || {
        let broken = |reason: String| Err(format!("it did not drive itself: {reason}"));
        let lines = match http::lines(address, &target, timeout) {
            Ok(lines) => BufReader::new(lines).lines(),
            Err(error) => return drop(events.send(broken(error.to_string()))),
        };
        for line in lines {
            let event = match line {
                Ok(line) => serde_json::from_str(&line)
                    .or_else(|error| broken(format!("{line:?} is not an event: {error}"))),
                Err(error) => broken(error.to_string()),
            };
            // Nothing receives any more when the trial was given up.
            if events.send(event).is_err() {
                return;
            }
        }
    });
}

fn record(spec: &LoadSpec, driven: Driven) -> LoadRecord {
    let errors = Errors { count: driven.errors, response: Latencies::default() };
    let response = Latencies::from(driven.response);
    LoadRecord {
        users: spec.users,
        window: Nanos(driven.window_ns),
        sent: driven.sent,
        requests_total: driven.requests_total,
        right: driven.right,
        // A server would answer whatever a layer fails with by a status.
        errors: if driven.errors == 0 {
            BTreeMap::new()
        } else {
            BTreeMap::from([(ErrorKind::Status, errors)])
        },
        right_in_window: driven.right_in_window,
        response: response.clone(),
        service: response,
        in_system: Nanos(driven.in_system_ns),
        connections_busy: Nanos(driven.in_system_ns),
        edges: driven.edges,
        ..LoadRecord::default()
    }
}
