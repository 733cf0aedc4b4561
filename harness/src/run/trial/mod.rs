//! One trial: one measured window of a running server, with resources read at the window's two ends.

pub mod self_driven;
pub mod shards;

use std::fmt;
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::backend::{Backend, Instance};
use crate::database::Counters;
use crate::failure::{Error, Failed, Stage};
use crate::observe::window::{Gone, Parts, Reading, Resources};
use crate::os::stop::Stop;

/// What a load may take beyond its warm-up, window and drain before it is given up.
const GRACE: Duration = Duration::from_secs(10);

/// The failure of a load, for which the server is not to blame.
fn load_failed(reason: impl fmt::Display) -> Error<Failed> {
    Error::Failed(Failed::new(Stage::Load, reason))
}

/// The failure of a server, or of what observes it, under load.
fn server_failed(error: Error) -> Error<Failed> {
    error.at(Stage::Trial)
}

/// Finds the processes of all parts. That takes long where a server has many threads and its CPUs are busy, so it is
/// done before the window: a server that starts or ends processes within it is observed as it was then.
///
/// # Errors
/// When the server or the load is gone.
fn find_parts(
    backend: &dyn Backend,
    instance: &mut dyn Instance,
    shards: &[Child],
) -> Result<Parts, Error<Failed>> {
    Ok(Parts {
        server: instance.part().map_err(server_failed)?,
        db: backend.database_part(),
        load: if shards.is_empty() {
            Vec::new()
        } else {
            backend.load_parts(shards).map_err(server_failed)?
        },
    })
}

/// Reads what all parts have used.
///
/// # Errors
/// When the server is gone, with the reason that it gives; or a shard of the load.
fn read(parts: &Parts, instance: &mut dyn Instance) -> Result<Reading, Error<Failed>> {
    Reading::take(parts).map_err(|gone| match gone {
        Gone::Server => server_failed(instance.gone()),
        Gone::Load(error) => load_failed(format!("it is gone: {error}")),
    })
}

/// The usage of a window, and what the database counted from `before` the load until now.
fn resources(
    first: &Reading,
    last: &Reading,
    before: Option<Counters>,
    backend: &dyn Backend,
) -> Resources {
    Resources::between(first, last, before.zip(backend.database_counters()), backend.placement())
}

/// What is told of a trial, in the order in which it arrives.
pub(crate) struct Events<'a, T> {
    pub(crate) events: Receiver<T>,
    pub(crate) stop: &'a Stop,
    pub(crate) deadline: Instant,
}

impl<T> Events<'_, T> {
    /// Waits for the next, and calls `meanwhile` four times a second.
    ///
    /// # Errors
    /// When no one is left to tell, the deadline has passed, or the user stops the run.
    pub(crate) fn next(&self, mut meanwhile: impl FnMut()) -> Result<T, Error<Failed>> {
        loop {
            self.stop.check()?;
            // Looked at first: one who goes on telling must not put it off.
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(load_failed("it did not end in time"));
            }
            match self.events.recv_timeout(left.min(Duration::from_millis(250))) {
                Ok(event) => return Ok(event),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(load_failed("it ended without a record"));
                }
                Err(RecvTimeoutError::Timeout) => meanwhile(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::thread;

    #[test]
    fn one_who_goes_on_telling_does_not_put_the_deadline_off() {
        let (sender, events) = channel();
        thread::spawn(move || {
            while sender.send(()).is_ok() {
                thread::sleep(Duration::from_millis(10));
            }
        });
        let stop = Stop::default();
        let deadline = Instant::now() + Duration::from_millis(150);
        let events = Events { events, stop: &stop, deadline };
        let error = loop {
            if let Err(error) = events.next(|| {}) {
                break error;
            }
        };
        assert_eq!(error, load_failed("it did not end in time"));
    }
}
