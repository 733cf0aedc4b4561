//! A trial of a server that drives itself: a layer without HTTP. It is told over HTTP to begin, tells its
//! window over the same answer, and at last what it counted.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{Events, GRACE, find_parts, read, resources, server_failed};
use crate::backend::{Backend, Instance};
use crate::definition::warmup::WarmedUp;
use crate::failure::{Error, Failed, Stage};
use crate::format::measured::Measured;
use crate::load::record::{ErrorKind, Errors, Latencies};
use crate::load::{LoadRecord, LoadSpec};
use crate::observe::window::Reading;
use crate::os::http;
use crate::os::stop::Stop;
use crate::units::Nanos;

/// What it tells, a JSON line each.
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
    /// The harness's own word: it cannot be understood, or said no more.
    #[serde(skip)]
    Broken(String),
}

/// What it counted; the names mean what they mean in a [`LoadRecord`].
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
    /// Whether it counted what it was told to, and the counts fit each other.
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
        Err(format!("it told {odd}, which cannot be"))
    }
}

/// Lets `instance` ask itself as `spec` says, which is a closed load's.
///
/// # Errors
/// When it does not come to its end, or the interruption.
pub fn measure(
    backend: &mut dyn Backend,
    instance: &mut dyn Instance,
    spec: &LoadSpec,
    stop: &Stop,
) -> Result<Measured, Error<Failed>> {
    let (sender, events) = channel();
    let whole: Duration = (spec.warmup.most + spec.window + spec.timeout).into();
    let parts = find_parts(backend, instance, &[])?;
    let before = backend.database_counters();
    listen(instance.address(), path(spec), whole + GRACE, sender);
    let events = Events { events, stop, deadline: Instant::now() + whole + GRACE };
    let (mut warmup, mut first, mut last) = (None, None::<Reading>, None);
    loop {
        let within = last.is_none();
        let sample = || first.iter_mut().filter(|_| within).for_each(|first| first.sample(&parts));
        let event = match events.next(sample) {
            Err(Error::Failed(Failed { stage: Stage::Load, reason })) => {
                return Err(fault(instance, reason));
            }
            event => event?,
        };
        match event {
            Event::WindowStart { warmup_ns, steady } => {
                let length = Nanos(warmup_ns);
                warmup = (!spec.warmup.is_fixed()).then_some(WarmedUp { length, steady });
                first = Some(read(&parts, instance)?);
            }
            Event::WindowEnd => last = Some(read(&parts, instance)?),
            Event::Driven(driven) => {
                let (Some(first), Some(last)) = (first, last) else {
                    return Err(fault(instance, "it did not tell its window".into()));
                };
                if let Err(reason) = driven.check(spec) {
                    return Err(fault(instance, reason));
                }
                let resources = resources(&first, &last, before, backend);
                return Ok(Measured { warmup, record: record(spec, driven), resources });
            }
            Event::Failed { reason } => return Err(server_failed(Error::Failed(reason))),
            Event::Broken(reason) => return Err(fault(instance, reason)),
        }
    }
}

/// Whatever goes wrong is the server's doing; one that has ended tells how in its log.
fn fault(instance: &mut dyn Instance, reason: String) -> Error<Failed> {
    server_failed(instance.part().err().unwrap_or(Error::Failed(reason)))
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

/// Passes on what the server tells, until it ends its answer.
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
            // No one listens any more when the trial was given up.
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
