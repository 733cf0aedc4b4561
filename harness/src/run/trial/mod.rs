//! One trial: one measured window of a running server, with resources read at the window's two ends.

pub mod self_driven;
pub mod shards;

use std::fmt;
use std::time::{Duration, Instant};

use crate::backend::{Backend, Instance, LoadEvent, RunningLoad};
use crate::definition::Server;
use crate::failure::{Error, Failed, Stage};
use crate::format::measured::Measured;
use crate::load::LoadSpec;
use crate::load::warmup::Watch;
use crate::observe::meter::Meters;
use crate::observe::window::{Gone, Reading, Resources, counted};
use crate::os::part::Part;
use crate::os::stop::Stop;
use crate::units::{Moment, Nanos};

/// How long a load may take beyond its warm-up, window and drain before it is given up.
const GRACE: Duration = Duration::from_secs(10);
/// How long before the window's start the first reading is due: on busy CPUs the harness may get to it late, and should
/// still read before the window rather than in it.
const LEAD: Nanos = Nanos(40_000_000);
/// How often memory is sampled within a window.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(250);

/// Runs `load`, which has not begun yet, to its end, and reads what all parts use in its window.
///
/// # Errors
/// When the load cannot be run to its end, or the server ends within it; or the interruption.
fn measure(
    backend: &dyn Backend,
    (server, instance): (&Server, &mut dyn Instance),
    load: &mut dyn RunningLoad,
    spec: &LoadSpec,
    stop: &Stop,
) -> Result<Measured, Error<Failed>> {
    let meters = meters(backend, (server, instance), load)?;
    let (counters_before, threads_before) = (backend.database_counters(server), counted(&meters));
    load.begin().map_err(|error| error.at(Stage::Load))?;
    let deadline = Instant::now() + longest(spec);
    let mut watch = Watch::new(spec.warmup);
    let mut warmup = None;
    let mut window = None;
    let (mut first, mut last) = (None::<Reading>, None);
    loop {
        let due = match (&first, &last) {
            (None, _) => window.map(|(start, _)| start - LEAD),
            (Some(_), None) => window.map(|(_, end)| end),
            _ => None,
        };
        let in_window = last.is_none();
        let sample =
            || first.iter_mut().filter(|_| in_window).for_each(|first| first.sample(&meters));
        let event = next(load, deadline, due, stop, sample)?;
        // An event that came meanwhile must not put off what is due.
        if due.is_some_and(|due| due <= Moment::now()) {
            let reading = if first.is_none() { &mut first } else { &mut last };
            *reading = Some(read(&meters, instance)?);
        }
        match event {
            None => {}
            Some(LoadEvent::WarmingUp(_)) if warmup.is_some() => {}
            Some(LoadEvent::WarmingUp(right)) => {
                warmup = watch.slice(right);
                if warmup.is_some() {
                    load.open_window().map_err(|error| error.at(Stage::Load))?;
                }
            }
            Some(LoadEvent::Window { start, end, warmup: ended }) => {
                warmup = warmup.or(ended);
                window = Some((start, end));
            }
            Some(LoadEvent::Record(mut record)) => {
                let (Some(first), Some(last), Some((start, end))) = (first, last, window) else {
                    return Err(load_failed("its record came before its window had ended"));
                };
                let edges = record.edges.take();
                let answers = |from: Moment, to: Moment| {
                    edges.as_ref()?.between(
                        record.right_in_window,
                        from.after(start),
                        to.after(end),
                    )
                };
                let counters = counters_before.zip(backend.database_counters(server));
                let threads = (threads_before, counted(&meters));
                let resources = Resources::between(&first, &last, answers, backend.placement());
                let connections = meters.server.as_ref().and_then(|meter| meter.connections());
                let resources = resources.with_counts(threads, counters, connections);
                return Ok(Measured { warmup, record: *record, resources, other_servers: None });
            }
        }
    }
}

/// How long a load may take in all.
fn longest(spec: &LoadSpec) -> Duration {
    Duration::from(spec.warmup.most + spec.window + spec.timeout) + GRACE
}

/// The meters of all parts. Finding the processes takes long where a server has many threads and its CPUs are busy, so it
/// is done before the window: a server that starts or ends processes within it is observed as it was then.
///
/// # Errors
/// When the server or the load is gone.
fn meters(
    backend: &dyn Backend,
    (server, instance): (&Server, &mut dyn Instance),
    load: &dyn RunningLoad,
) -> Result<Meters, Error<Failed>> {
    Ok(Meters {
        server: Some(instance.meter().map_err(|error| error.at(Stage::Trial))?),
        db: backend.database_meter(server),
        load: load.meter().map_err(|error| error.at(Stage::Load))?,
    })
}

/// Reads the usage of all parts.
///
/// # Errors
/// When the server is gone, with the reason that it gives; or the load.
fn read(meters: &Meters, instance: &mut dyn Instance) -> Result<Reading, Error<Failed>> {
    Reading::take(meters).map_err(|Gone { part, reason }| match part {
        Part::Server => instance.gone().at(Stage::Trial),
        Part::Db | Part::Load => load_failed(format!("it is gone: {reason}")),
    })
}

/// Waits for the next event of `load` until `due`, if something is due before that, and calls `meanwhile` four times a
/// second. Returns `None` when `due` has come: what is due waits for no event.
///
/// # Errors
/// When the load has failed, the deadline has passed, or the user stops the run.
fn next(
    load: &mut dyn RunningLoad,
    deadline: Instant,
    due: Option<Moment>,
    stop: &Stop,
    mut meanwhile: impl FnMut(),
) -> Result<Option<LoadEvent>, Error<Failed>> {
    loop {
        stop.check()?;
        // Checked first: a load that goes on reporting must not put the deadline off.
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(load_failed("it did not end in time"));
        }
        let until_due = due.map(|due| Duration::from(due.since(Moment::now())));
        if until_due == Some(Duration::ZERO) {
            return Ok(None);
        }
        match load.next(left.min(SAMPLE_INTERVAL).min(until_due.unwrap_or(SAMPLE_INTERVAL))) {
            Ok(Some(event)) => return Ok(Some(event)),
            Ok(None) if due.is_some_and(|due| due <= Moment::now()) => return Ok(None),
            Ok(None) => meanwhile(),
            Err(error) => return Err(error.at(Stage::Load)),
        }
    }
}

/// The failure of a load, for which the server is not to blame.
fn load_failed(reason: impl fmt::Display) -> Error<Failed> {
    Error::Failed(Failed::new(Stage::Load, reason))
}

#[cfg(test)]
mod tests;
