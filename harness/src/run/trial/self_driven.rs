//! A trial of a server that drives itself: a layer without HTTP. A request over HTTP makes it begin; in the answer it
//! reports the ends of its window, and at last what it counted.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use serde::Deserialize;

use super::longest;
use crate::backend::{Backend, Instance, LoadEvent, RunningLoad};
use crate::definition::warmup::WarmedUp;
use crate::failure::{Error, Failed, Stage};
use crate::format::measured::Measured;
use crate::load::record::{ErrorKind, Errors, Latencies};
use crate::load::{LoadRecord, LoadSpec};
use crate::observe::meter::Meter;
use crate::os::http;
use crate::os::stop::Stop;
use crate::units::Nanos;

/// What it reports, a JSON line each.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event {
    WindowStart {
        warmup_ns: u64,
        steady: bool,
    },
    WindowEnd,
    Driven(Driven),
    /// It could not go on to its end.
    Failed {
        reason: String,
    },
    /// Added by the harness: a line that is no event, or the end of the answer.
    #[serde(skip)]
    Broken(String),
}

/// What it counted, by the names of a [`LoadRecord`].
#[derive(Debug, Deserialize)]
struct Driven {
    sent: u64,
    right: u64,
    errors: u64,
    right_in_window: u64,
    window_ns: u64,
    in_system_ns: u64,
    response: Latencies,
    asked_in_all: u64,
}

impl Driven {
    /// Passes if it counted the window that was asked for, and the counts fit each other.
    fn check(&self, spec: &LoadSpec) -> Result<(), String> {
        let odd = if self.window_ns != spec.window.0 {
            format!("a window of {} ns", self.window_ns)
        } else if self.sent != self.right + self.errors {
            format!("{} sent, {} right and {} errors", self.sent, self.right, self.errors)
        } else if self.response.count() != self.right {
            format!("{} right and {} response times", self.right, self.response.count())
        } else {
            return Ok(());
        };
        Err(format!("it reported {odd}, which cannot be"))
    }
}

/// Lets `instance` query its database as `spec`, a closed load's, says.
///
/// # Errors
/// When it does not come to its end, or the interruption.
pub fn measure(
    backend: &mut dyn Backend,
    instance: &mut dyn Instance,
    spec: &LoadSpec,
    stop: &Stop,
) -> Result<Measured, Error<Failed>> {
    let mut load = SelfDriven { address: instance.address(), spec: spec.clone(), events: None };
    let measured = super::measure(backend, instance, &mut load, spec, stop);
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
    events: Option<Receiver<Event>>,
}

impl RunningLoad for SelfDriven {
    fn meter(&self) -> Result<Option<Box<dyn Meter>>, Error> {
        Ok(None)
    }

    fn begin(&mut self) -> Result<(), Error> {
        let (sender, events) = channel();
        listen(self.address, path(&self.spec), longest(&self.spec), sender);
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
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::Failed("it ended without a record".into()));
            }
        };
        match event {
            Event::WindowStart { warmup_ns, steady } => {
                let warmup = WarmedUp { length: Nanos(warmup_ns), steady };
                let warmup = (!self.spec.warmup.is_fixed()).then_some(warmup);
                Ok(Some(LoadEvent::WindowStart { warmup }))
            }
            Event::WindowEnd => Ok(Some(LoadEvent::WindowEnd)),
            Event::Driven(driven) => {
                driven.check(&self.spec).map_err(Error::Failed)?;
                Ok(Some(LoadEvent::Record(Box::new(record(&self.spec, driven)))))
            }
            Event::Failed { reason } | Event::Broken(reason) => Err(Error::Failed(reason)),
        }
    }
}

fn path(spec: &LoadSpec) -> String {
    let millis = |length: Nanos| length.0 / 1_000_000;
    format!(
        "/drive?users={}&warmup_ms={}&warmup_limit_ms={}&window_ms={}",
        spec.users,
        millis(spec.warmup.least),
        millis(spec.warmup.most),
        millis(spec.window)
    )
}

/// Passes on what the server reports, until it ends its answer.
fn listen(address: SocketAddr, path: String, timeout: Duration, events: Sender<Event>) {
    thread::spawn(move || {
        let broken = |reason: String| Event::Broken(format!("it did not drive itself: {reason}"));
        let lines = match http::lines(address, &path, timeout) {
            Ok(lines) => BufReader::new(lines).lines(),
            Err(error) => return drop(events.send(broken(error.to_string()))),
        };
        for line in lines {
            let event = match line {
                Ok(line) => serde_json::from_str(&line)
                    .unwrap_or_else(|error| broken(format!("it said {line:?}: {error}"))),
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
    LoadRecord {
        users: spec.users,
        window: Nanos(driven.window_ns),
        sent: driven.sent,
        asked_in_all: driven.asked_in_all,
        right: driven.right,
        // Whatever a layer can fail with, a server would answer with a status.
        errors: if driven.errors == 0 {
            BTreeMap::new()
        } else {
            BTreeMap::from([(ErrorKind::Status, errors)])
        },
        right_in_window: driven.right_in_window,
        response: driven.response.clone(),
        service: driven.response,
        in_system: Nanos(driven.in_system_ns),
        connections_busy: Nanos(driven.in_system_ns),
        ..LoadRecord::default()
    }
}
