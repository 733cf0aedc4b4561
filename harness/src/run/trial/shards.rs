//! A trial whose load runs in processes of its own, its shards.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::Child;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Events, GRACE, find_parts, load_failed, read, resources};
use crate::backend::{Backend, Instance};
use crate::definition::warmup::WarmedUp;
use crate::failure::{Error, Failed, Stage};
use crate::format::measured::Measured;
use crate::load::protocol::{Event, Go, Measure};
use crate::load::warmup::Watch;
use crate::load::{LoadRecord, LoadSpec};
use crate::observe::window::Reading;
use crate::os::process;
use crate::os::stop::Stop;
use crate::units::Moment;

/// How long a load may take to set itself up.
const SET_UP_TIMEOUT: Duration = Duration::from_secs(30);
/// From "go" to the first request, so that all shards begin at the same moment.
const START_DELAY: Duration = Duration::from_millis(60);
/// From the end of a warm-up to the window, so that all shards hear of it before.
const WINDOW_DELAY: Duration = Duration::from_millis(20);

/// Loads `instance` as `spec` says, with one shard for each CPU of the load.
///
/// # Errors
/// When the load cannot be run to its end, or the server ends within it; or the interruption.
pub fn measure(
    backend: &mut dyn Backend,
    instance: &mut dyn Instance,
    spec: &LoadSpec,
    stop: &Stop,
) -> Result<Measured, Error<Failed>> {
    let shards = spec.shards(backend.placement().sets.load.count() as u32);
    let (sender, events) = channel();
    let mut loads = Loads(Vec::new());
    for shard in &shards {
        let child = backend.start_load(shard.shard.index);
        let mut child = child.map_err(|error| error.at(Stage::Load))?;
        listen(&mut child, shard.shard.index, sender.clone())?;
        loads.0.push(child);
    }
    drop(sender);
    for (child, shard) in loads.0.iter_mut().zip(&shards) {
        tell(child, shard)?;
    }
    let mut events = Events { events, stop, deadline: Instant::now() + SET_UP_TIMEOUT };
    for _ in &shards {
        match events.next(|| {})? {
            (_, Event::Ready) => {}
            (_, other) => return Err(unexpected(&other)),
        }
    }

    let parts = find_parts(backend, instance, &loads.0)?;
    let before = backend.database_counters();
    let start = Moment::now() + START_DELAY.into();
    let whole: Duration = (spec.warmup.most + spec.window + spec.timeout).into();
    events.deadline = Instant::now() + START_DELAY + whole + GRACE;
    for child in &mut loads.0 {
        tell(child, &Go { start })?;
    }
    let mut record = LoadRecord::default();
    let (mut first, mut last) = (None::<Reading>, None);
    let mut ended = 0;
    let mut warming_up = WarmingUp::new(spec, shards.len());
    while ended < shards.len() {
        let within = last.is_none();
        let sample = || first.iter_mut().filter(|_| within).for_each(|first| first.sample(&parts));
        match events.next(sample)? {
            (shard, Event::WarmingUp { right }) => {
                if warming_up.is_over(shard, right) {
                    let from = Moment::now() + WINDOW_DELAY.into();
                    for child in &mut loads.0 {
                        tell(child, &Measure { from })?;
                    }
                }
            }
            // Any shard's clock is as good as another's: they share it.
            (0, Event::WindowStart) => first = Some(read(&parts, instance)?),
            (0, Event::WindowEnd) => last = Some(read(&parts, instance)?),
            (_, Event::WindowStart | Event::WindowEnd) => {}
            (_, Event::Record(part)) => {
                record.add(&part);
                ended += 1;
            }
            (_, other) => return Err(unexpected(&other)),
        }
    }
    let (Some(first), Some(last)) = (first, last) else {
        return Err(load_failed("it did not report its window"));
    };
    let resources = resources(&first, &last, before, backend);
    Ok(Measured { warmup: warming_up.ended, record, resources })
}

/// Adds up what the shards tell of a warm-up, slice by slice.
struct WarmingUp {
    watch: Watch,
    /// Of each shard, the slices that not all have told yet.
    told: Vec<VecDeque<u64>>,
    ended: Option<WarmedUp>,
}

impl WarmingUp {
    fn new(spec: &LoadSpec, shards: usize) -> WarmingUp {
        let told = vec![VecDeque::new(); shards];
        WarmingUp { watch: Watch::new(spec.warmup), told, ended: None }
    }

    /// Whether the warm-up ends now; true once.
    fn is_over(&mut self, shard: u32, right: u64) -> bool {
        if self.ended.is_some() {
            return false;
        }
        self.told[shard as usize].push_back(right);
        let slice: Option<u64> = self
            .told
            .iter()
            .all(|told| !told.is_empty())
            .then(|| self.told.iter_mut().filter_map(VecDeque::pop_front).sum());
        self.ended = slice.and_then(|right| self.watch.slice(right));
        self.ended.is_some()
    }
}

fn unexpected(event: &Event) -> Error<Failed> {
    match event {
        Event::Failed { reason } => load_failed(reason),
        _ => load_failed("unexpected message from the load process"),
    }
}

/// The load's processes. Dropping them ends them: a trial that fails leaves none behind.
struct Loads(Vec<Child>);

impl Drop for Loads {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // Without input they end by themselves when they are done; here they are done, or unwanted.
            let _ = process::stop(child, Duration::from_millis(500));
        }
    }
}

fn tell(child: &mut Child, what: &impl Serialize) -> Result<(), Error<Failed>> {
    let gone = |error: std::io::Error| load_failed(format!("it does not listen: {error}"));
    let mut line = serde_json::to_vec(what).map_err(load_failed)?;
    line.push(b'\n');
    let input = child.stdin.as_mut().ok_or_else(|| load_failed("it has no standard input"))?;
    input.write_all(&line).map_err(gone)?;
    input.flush().map_err(gone)
}

/// Passes on what a load says, until it closes its output.
fn listen(
    child: &mut Child,
    shard: u32,
    events: Sender<(u32, Event)>,
) -> Result<(), Error<Failed>> {
    let output = child.stdout.take().ok_or_else(|| load_failed("it has no standard output"))?;
    thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            let Ok(line) = line else { return };
            let event = serde_json::from_str(&line).unwrap_or_else(|error| Event::Failed {
                reason: format!("it said {line:?}: {error}"),
            });
            // No one listens any more when the trial was given up.
            if events.send((shard, event)).is_err() {
                return;
            }
        }
    });
    Ok(())
}
