//! What the users of one load share: which request is next, when it is due, what became of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::arrivals::Schedule;
use super::check::Check;
use super::probe::Probe;
use super::record::{ErrorKind, LoadRecord};
use super::recorder::{Exchange, Recorder};
use super::requests::{Question, Requests};
use super::spec::{LoadSpec, Pace};
use super::timer::Timer;
use crate::units::{Moment, Nanos};

/// One load, while it runs. Its users take turns on one thread, so the lock is never waited for.
#[derive(Debug)]
pub struct Engine {
    timer: Timer,
    users: u32,
    start: Moment,
    window: Nanos,
    shared: Mutex<Shared>,
    finished: Notify,
}

#[derive(Debug)]
struct Shared {
    /// Absent if the load is closed.
    schedule: Option<Schedule>,
    requests: Requests,
    check: Check,
    recorder: Recorder,
    /// When each user's unanswered request was due.
    unanswered: Vec<Option<Moment>>,
    retired: u32,
    /// Nothing is due from here on.
    end: Moment,
}

/// One user: a connection, and the request it sends next.
#[derive(Debug)]
pub struct User {
    index: usize,
    probe: Probe,
    request: Vec<u8>,
    /// Whether it ever had a connection: the first one replaces none.
    connected: bool,
}

impl User {
    /// The user with this number, from 0; its connection is made at its first turn.
    #[must_use]
    pub fn new(index: usize, spec: &LoadSpec) -> User {
        User {
            index,
            probe: Probe::new(spec.address, spec.timeout.into()),
            request: Vec::new(),
            connected: false,
        }
    }
}

impl Engine {
    /// `check` is slow to make, and so made beforehand. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the kernel gives no timer.
    pub fn new(spec: &LoadSpec, check: Check, start: Moment) -> std::io::Result<Engine> {
        let schedule = match spec.pace {
            Pace::Closed => None,
            Pace::Open { rate, arrivals } => {
                Some(Schedule::new(rate, arrivals, spec.shard, spec.seed))
            }
        };
        Ok(Engine {
            timer: Timer::new()?,
            users: spec.users,
            start,
            window: spec.window,
            shared: Mutex::new(Shared {
                schedule,
                requests: Requests::new(spec),
                check,
                recorder: Recorder::new(spec.users),
                unanswered: vec![None; spec.users as usize],
                retired: 0,
                end: Moment::NEVER,
            }),
            finished: Notify::new(),
        })
    }

    /// Ends the warm-up at `start`, or now, if that has passed: what was answered before now was recorded as
    /// warm-up. Returns the window's two ends.
    pub fn open_window(&self, start: Moment) -> (Moment, Moment) {
        let mut shared = self.shared();
        let start = start.max(Moment::now());
        let end = start + self.window;
        shared.end = end;
        shared.recorder.open(start, end);
        (start, end)
    }

    /// Right answers since the load began.
    pub fn answered(&self) -> u64 {
        self.shared().recorder.answered()
    }

    /// Asks once: waits until the next request is due, sends it, checks and records the answer. The
    /// connection has been idle since `idle_since`; returns since when it is idle again, or nothing when
    /// there is nothing left to ask. This is all that happens for a request, and so it reads the clock
    /// only where a time is recorded.
    pub async fn turn(&self, user: &mut User, idle_since: Moment) -> Option<Moment> {
        let (due, question) = self.claim(user, idle_since)?;
        if due > idle_since {
            self.timer.until(due).await;
        }
        let connected = if user.probe.is_connected() { Ok(()) } else { self.connect(user).await };
        let sent = Moment::now();
        let answer = match connected {
            Ok(()) => user.probe.exchange(&user.request, sent).await,
            Err(class) => Err(class),
        };
        let done = Moment::now();

        let mut shared = self.shared();
        let shared = &mut *shared;
        let result = answer.and_then(|answer| shared.check.answer(question, &answer));
        if let Some(open) = shared.unanswered.get_mut(user.index) {
            *open = None;
        }
        shared.recorder.done(&Exchange { due, idle_since, sent, done, result });
        Some(done)
    }

    async fn connect(&self, user: &mut User) -> Result<(), ErrorKind> {
        user.probe.connect().await?;
        if std::mem::replace(&mut user.connected, true) {
            self.shared().recorder.reconnected(Moment::now());
        }
        Ok(())
    }

    /// Takes the next request: the first that nobody has taken, so that what is due while no
    /// connection is idle waits in order.
    fn claim(&self, user: &mut User, now: Moment) -> Option<(Moment, Question)> {
        let mut shared = self.shared();
        let due = match &mut shared.schedule {
            None => Some(now.max(self.start)),
            Some(schedule) => schedule.next().map(|after| self.start + Nanos(after)),
        };
        match due.filter(|due| *due < shared.end) {
            Some(due) => {
                if let Some(open) = shared.unanswered.get_mut(user.index) {
                    *open = Some(due);
                }
                Some((due, shared.requests.next(&mut user.request)))
            }
            None => {
                shared.retired += 1;
                if shared.retired == self.users {
                    self.finished.notify_one();
                }
                None
            }
        }
    }

    /// Wakes users when their requests are due, until it is dropped.
    ///
    /// # Errors
    /// When the kernel's timer fails.
    pub async fn drive(&self) -> std::io::Result<()> {
        self.timer.drive().await
    }

    /// Resolves when every user has asked all it had to ask, and was answered.
    pub async fn finished(&self) {
        self.finished.notified().await;
    }

    /// Ends the recording: what has no answer now never will.
    pub fn finish(&self) -> LoadRecord {
        let mut shared = self.shared();
        // Answers that come after this fall into an empty window.
        let mut recorder = std::mem::replace(&mut shared.recorder, Recorder::new(0));
        shared.unanswered.drain(..).flatten().for_each(|due| recorder.unanswered(due));
        let (all_asked, end) = (shared.retired == self.users, shared.end);
        if let Some(schedule) = shared.schedule.take().filter(|_| !all_asked) {
            schedule
                .map(|after| self.start + Nanos(after))
                .take_while(|due| *due < end)
                .for_each(|due| recorder.unsent(due));
        }
        recorder.finish()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        // A panic while the lock is held ends the process: there is no half-written state to see.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
