//! One trial: a load in processes of its own against a running server, with resources read at the
//! window's two ends.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::backend::{Backend, BackendError, Instance};
use crate::format::journal::Stage;
use crate::load::protocol::{Event, Go, Measure};
use crate::load::warmup::Watch;
use crate::load::{LoadRecord, LoadSpec, WarmedUp};
pub use crate::observe::window::Resources;
use crate::observe::window::{Parts, Reading};
use crate::process;
use crate::units::Nanos;

/// How long a load may take to set itself up.
const SET_UP_PATIENCE: Duration = Duration::from_secs(30);
/// From "go" to the first request, so that all shards begin at the same moment.
const LEAD: Duration = Duration::from_millis(60);
/// From the end of a warm-up to the window, so that all shards hear of it before.
const NOTICE: Duration = Duration::from_millis(20);
/// What a load may take beyond its warm-up, window and drain before it is given up.
pub(crate) const OVERTIME: Duration = Duration::from_secs(10);

/// A trial that did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrialError {
    /// The user stops the run.
    #[error("interrupted")]
    Interrupted,
    /// The server, or what observes it.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The load.
    #[error("{0}")]
    Load(String),
}

impl TrialError {
    /// What the server failed to do, if it was the server.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            TrialError::Load(_) => Stage::Load,
            TrialError::Interrupted | TrialError::Backend(_) => Stage::Trial,
        }
    }
}

/// What one trial measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How the warm-up ended; absent where it was of fixed length.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub warmup: Option<WarmedUp>,
    /// All shards together.
    pub record: LoadRecord,
    /// What the window cost.
    pub resources: Resources,
}

/// Loads `instance` as `spec` says, with one shard for each CPU of the load.
///
/// # Errors
/// When the load cannot be run to its end, the server ends within it, or `stop` becomes true.
pub fn measure(
    backend: &mut dyn Backend,
    instance: &mut dyn Instance,
    spec: &LoadSpec,
    stop: &AtomicBool,
) -> Result<Measured, TrialError> {
    let shards = spec.shards(backend.placement().load.count() as u32);
    let (sender, events) = channel();
    let mut loads = Loads(Vec::new());
    for shard in &shards {
        let mut child =
            backend.start_load(shard.shard.index).map_err(|error| TrialError::Load(error.0))?;
        listen(&mut child, shard.shard.index, sender.clone())?;
        loads.0.push(child);
    }
    drop(sender);
    for (child, shard) in loads.0.iter_mut().zip(&shards) {
        tell(child, shard)?;
    }
    let mut events = Events { events, stop, deadline: Instant::now() + SET_UP_PATIENCE };
    for _ in &shards {
        match events.next(|| {})? {
            (_, Event::Ready) => {}
            (_, other) => return Err(unexpected(&other)),
        }
    }

    let parts = Parts::find(backend, instance, &loads.0)?;
    let before = backend.database_counters();
    let start = Nanos::now() + LEAD.into();
    let whole: Duration = (spec.warmup.most + spec.window + spec.timeout).into();
    events.deadline = Instant::now() + LEAD + whole + OVERTIME;
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
                    let from = Nanos::now() + NOTICE.into();
                    for child in &mut loads.0 {
                        tell(child, &Measure { from })?;
                    }
                }
            }
            // Any shard's clock is as good as another's: they share it.
            (0, Event::WindowStart) => first = Some(Reading::take(&parts, instance)?),
            (0, Event::WindowEnd) => last = Some(Reading::take(&parts, instance)?),
            (_, Event::WindowStart | Event::WindowEnd) => {}
            (_, Event::Record(part)) => {
                record.add(&part);
                ended += 1;
            }
            (_, other) => return Err(unexpected(&other)),
        }
    }
    let (Some(first), Some(last)) = (first, last) else {
        return Err(TrialError::Load("it did not tell its window".into()));
    };
    let resources = Resources::between(&first, &last, before, backend);
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

fn unexpected(event: &Event) -> TrialError {
    match event {
        Event::Failed { reason } => TrialError::Load(reason.clone()),
        _ => TrialError::Load("it spoke out of turn".into()),
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

fn tell(child: &mut Child, what: &impl Serialize) -> Result<(), TrialError> {
    let gone = |error: std::io::Error| TrialError::Load(format!("it does not listen: {error}"));
    let mut line = serde_json::to_vec(what).map_err(|error| TrialError::Load(error.to_string()))?;
    line.push(b'\n');
    let input =
        child.stdin.as_mut().ok_or_else(|| TrialError::Load("it has no standard input".into()))?;
    input.write_all(&line).map_err(gone)?;
    input.flush().map_err(gone)
}

/// Passes on what a load says, until it closes its output.
fn listen(child: &mut Child, shard: u32, events: Sender<(u32, Event)>) -> Result<(), TrialError> {
    let output =
        child.stdout.take().ok_or_else(|| TrialError::Load("it has no standard output".into()))?;
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

/// What is told of a trial, in the order in which it arrives.
pub(crate) struct Events<'a, T> {
    pub(crate) events: Receiver<T>,
    pub(crate) stop: &'a AtomicBool,
    pub(crate) deadline: Instant,
}

impl<T> Events<'_, T> {
    /// Waits for the next, and calls `meanwhile` four times a second.
    ///
    /// # Errors
    /// When no one is left to tell, the deadline has passed, or the user stops the run.
    pub(crate) fn next(&self, mut meanwhile: impl FnMut()) -> Result<T, TrialError> {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(TrialError::Interrupted);
            }
            // Looked at first: one who goes on telling must not put it off.
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(TrialError::Load("it did not end in time".into()));
            }
            match self.events.recv_timeout(left.min(Duration::from_millis(250))) {
                Ok(event) => return Ok(event),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(TrialError::Load("it ended without a record".into()));
                }
                Err(RecvTimeoutError::Timeout) => meanwhile(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_goes_on_telling_does_not_put_the_deadline_off() {
        let (sender, events) = channel();
        thread::spawn(move || {
            while sender.send(()).is_ok() {
                thread::sleep(Duration::from_millis(10));
            }
        });
        let stop = AtomicBool::new(false);
        let deadline = Instant::now() + Duration::from_millis(150);
        let events = Events { events, stop: &stop, deadline };
        let error = loop {
            if let Err(error) = events.next(|| {}) {
                break error;
            }
        };
        assert_eq!(error, TrialError::Load("it did not end in time".into()));
    }
}
