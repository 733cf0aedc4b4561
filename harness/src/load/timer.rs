//! Wakes waiting users when their requests are due, to the microsecond.
//!
//! tokio's timers round up to a millisecond, which is more than a request takes. A timerfd is exact, and one of them
//! serves all users, since requests are taken in the order in which they are due.
//!
//! Even so, a sleeping CPU takes some tens of microseconds to wake up, and a deeply sleeping one some hundreds. Where the load
//! has a CPU of its own, it stays awake for the last while before a request is due, and looks for answers meanwhile.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use serde::{Deserialize, Serialize};
use tokio::io::unix::AsyncFd;

use crate::os::sys::{self, Owned};
use crate::units::{Moment, Nanos};

/// How long a load that spins stays awake before a request is due: longer than the deepest sleep takes to end.
const AWAKE: Nanos = Nanos(500_000);

/// What the thread does until the next request is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waiting {
    /// It sleeps: others need its CPU.
    #[default]
    Sleeps,
    /// It sleeps, and stays awake for the last half of a millisecond.
    Spins,
}

impl Waiting {
    /// Whether it is how loads wait that nobody asked to wait otherwise.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Waiting::default()
    }
}

/// A timer for all users of a thread.
#[derive(Debug)]
pub struct Timer {
    fd: AsyncFd<Owned>,
    /// How long before a request is due the thread is woken.
    early: Nanos,
    /// The waiting users in ascending order; the timerfd is set for the first.
    waiting: Mutex<VecDeque<(Moment, Waker)>>,
}

impl Timer {
    /// Creates a timer. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the kernel provides no timer.
    pub fn new(waiting: Waiting) -> io::Result<Timer> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let fd: OwnedFd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let early = match waiting {
            Waiting::Sleeps => Nanos(0),
            Waiting::Spins => AWAKE,
        };
        Ok(Timer { fd: sys::watch(fd)?, early, waiting: Mutex::default() })
    }

    /// Resolves at `due`, or at once if that has passed.
    pub fn until(&self, due: Moment) -> Until<'_> {
        Until { timer: self, due, queued: false }
    }

    /// Wakes users whose requests are due. It runs as a task of its own until it is dropped.
    ///
    /// # Errors
    /// When the kernel's timer fails.
    pub async fn drive(&self) -> io::Result<()> {
        loop {
            // The timerfd is never read: setting it again clears it, and epoll reports each expiry once.
            self.fd.readable().await?.clear_ready();
            while let Some((now, next)) = self.wake() {
                if now + self.early < next {
                    self.set(next)?;
                    break;
                }
                // The runtime looks at all sockets before it comes back here.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Wakes the users whose requests are due. Returns this moment, and when the next request is due.
    fn wake(&self) -> Option<(Moment, Moment)> {
        let mut waiting = self.waiting();
        let now = Moment::now();
        while waiting.front().is_some_and(|(due, _)| *due <= now) {
            if let Some((_, waker)) = waiting.pop_front() {
                waker.wake();
            }
        }
        waiting.front().map(|(due, _)| (now, *due))
    }

    /// Has the thread woken for a request that is due at `due`.
    fn set(&self, due: Moment) -> io::Result<()> {
        let due = Moment(due.0.saturating_sub(self.early.0));
        let once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let at = Timespec {
            tv_sec: (due.0 / 1_000_000_000) as i64,
            tv_nsec: (due.0 % 1_000_000_000) as i64,
        };
        timerfd_settime(
            self.fd.get_ref(),
            TimerfdTimerFlags::ABSTIME,
            &Itimerspec { it_interval: once, it_value: at },
        )?;
        Ok(())
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<(Moment, Waker)>> {
        // Nothing that holds the lock can panic halfway.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The future that [`Timer::until`] returns.
#[derive(Debug)]
pub struct Until<'a> {
    timer: &'a Timer,
    due: Moment,
    queued: bool,
}

impl Future for Until<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Moment::now() >= self.due {
            return Poll::Ready(());
        }
        if !self.queued {
            self.queued = true;
            let mut waiting = self.timer.waiting();
            let place = waiting.partition_point(|(due, _)| *due <= self.due);
            waiting.insert(place, (self.due, context.waker().clone()));
            if place == 0 && self.timer.set(self.due).is_err() {
                // Without a timer, the user would sleep for ever, so it is woken late instead, and counted as late.
                context.waker().wake_by_ref();
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn everyone_is_woken_in_the_order_of_their_times_and_never_early() {
        for waiting in [Waiting::Sleeps, Waiting::Spins] {
            wakes_in_order(waiting).await;
        }
    }

    async fn wakes_in_order(waiting: Waiting) {
        let timer = Arc::new(Timer::new(waiting).unwrap());
        let driver = tokio::spawn({
            let timer = Arc::clone(&timer);
            async move { timer.drive().await }
        });
        let start = Moment::now();
        let woken = Arc::new(Mutex::new(Vec::new()));
        // The later ones wait first, so that the timer must be set back for each.
        let users: Vec<_> = (0..20u64)
            .rev()
            .map(|i| {
                let (timer, woken) = (Arc::clone(&timer), Arc::clone(&woken));
                tokio::spawn(async move {
                    let due = start + Nanos(i * 700_000);
                    timer.until(due).await;
                    assert!(Moment::now() >= due);
                    woken.lock().unwrap().push(i);
                })
            })
            .collect();
        for user in users {
            user.await.unwrap();
        }
        assert_eq!(*woken.lock().unwrap(), (0..20).collect::<Vec<_>>());
        driver.abort();
    }
}
