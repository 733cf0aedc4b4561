//! A request to stop, and waiting that respects it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The first pause between two polls; each pause is half as long again as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
/// The longest pause between two polls, and so the longest time until a request to stop is seen.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// The pause where it counts when a value is there.
const CLOSE_PAUSE: Duration = Duration::from_millis(1);

/// A request to stop. All clones share one state: once set, it stays set.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

/// The user asked the program to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

impl Stop {
    /// A token that is never set: for work that must be done even while the program is stopping.
    #[must_use]
    pub fn never() -> Stop {
        Stop::default()
    }

    /// Whether the program was asked to stop.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks the program to stop. Returns whether it had been asked before.
    pub fn set(&self) -> bool {
        self.0.swap(true, Ordering::Relaxed)
    }

    /// Returns an error once the program was asked to stop.
    ///
    /// # Errors
    /// [`Interrupted`] when the token is set.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_set() { Err(Interrupted) } else { Ok(()) }
    }
}

/// Why [`wait_until`] returned without a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaitError<E> {
    /// The user asked the program to stop.
    #[error("interrupted")]
    Interrupted,
    /// The deadline passed.
    #[error("not ready in time")]
    TimedOut,
    /// Waiting has become pointless.
    #[error("{0}")]
    Failed(E),
}

/// Calls `poll` until it returns a value or an error, `deadline` (if any) passes, or `stop` is set.
///
/// The pauses between two calls grow from 2 ms to 50 ms. Without a request to stop, `poll` is called at least once.
///
/// # Errors
/// [`WaitError::Failed`] with the error of `poll`, or which of the other two ended the waiting.
pub fn wait_until<T, E>(
    deadline: impl Into<Option<Instant>>,
    stop: &Stop,
    poll: impl FnMut() -> Result<Option<T>, E>,
) -> Result<T, WaitError<E>> {
    let pauses =
        std::iter::successors(Some(FIRST_PAUSE), |pause| Some((*pause * 3 / 2).min(LONGEST_PAUSE)));
    wait_with(deadline.into(), stop, pauses, poll)
}

/// Waits as [`wait_until`] does, with pauses of one millisecond, where it counts when the value is there.
///
/// # Errors
/// Those of [`wait_until`].
pub fn wait_closely<T, E>(
    deadline: impl Into<Option<Instant>>,
    stop: &Stop,
    poll: impl FnMut() -> Result<Option<T>, E>,
) -> Result<T, WaitError<E>> {
    wait_with(deadline.into(), stop, std::iter::repeat(CLOSE_PAUSE), poll)
}

fn wait_with<T, E>(
    deadline: Option<Instant>,
    stop: &Stop,
    mut pauses: impl Iterator<Item = Duration>,
    mut poll: impl FnMut() -> Result<Option<T>, E>,
) -> Result<T, WaitError<E>> {
    loop {
        stop.check().map_err(|Interrupted| WaitError::Interrupted)?;
        if let Some(value) = poll().map_err(WaitError::Failed)? {
            return Ok(value);
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Err(WaitError::TimedOut);
        }
        let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
        thread::sleep(left.unwrap_or(pause).min(pause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn a_wait_ends_with_the_value_the_error_the_deadline_or_the_request_to_stop() {
        let stop = Stop::default();
        let mut polls = 0;
        let third = wait_until(soon(), &stop, || {
            polls += 1;
            Ok::<_, ()>((polls == 3).then_some(polls))
        });
        assert_eq!(third, Ok(3));
        assert_eq!(
            wait_until(None, &stop, || Err::<Option<()>, _>("gone")),
            Err(WaitError::Failed("gone"))
        );
        assert_eq!(
            wait_until(Instant::now(), &stop, || Ok::<Option<()>, ()>(None)),
            Err(WaitError::TimedOut)
        );
        let set = stop.clone();
        let interrupted = wait_until(soon(), &stop, || {
            assert!(!set.set(), "no poll follows a request to stop");
            Ok::<Option<()>, ()>(None)
        });
        assert_eq!(interrupted, Err(WaitError::Interrupted));
    }

    #[test]
    fn a_passed_deadline_still_allows_one_poll() {
        assert_eq!(wait_until(Instant::now(), &Stop::never(), || Ok::<_, ()>(Some(7))), Ok(7));
    }
}
