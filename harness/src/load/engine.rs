//! What the users of one load share: which request is next, when it is due, and how it ended.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::arrivals::Schedule;
use super::connection::{Broken, Connection};
use super::record::{ErrorKind, LoadRecord};
use super::recorder::{Exchange, Recorder};
use super::spec::{LoadSpec, Pace};
use super::timer::{Timer, Waiting};
use crate::units::{Moment, Nanos};
use crate::workload::Workload;

/// One load. Its users take turns on one thread, so that the lock is never waited for.
#[derive(Debug)]
pub struct Engine<W: Workload> {
    timer: Timer,
    waiting: Waiting,
    users: u32,
    start: Moment,
    window: Nanos,
    phase: Mutex<Phase<W>>,
    finished: Notify,
}

/// A load ends once. Users may still wait for an answer then; what they do afterwards is not recorded.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // There is one at a time in a process, and each request reads it.
enum Phase<W: Workload> {
    Running(Running<W>),
    Ended,
}

#[derive(Debug)]
struct Running<W: Workload> {
    /// The times at which requests are due; absent in a closed load.
    schedule: Option<Schedule>,
    workload: W,
    recorder: Recorder,
    /// For each user, when its unanswered request was due.
    unanswered: Vec<Option<Moment>>,
    /// Users that have nothing left to ask.
    retired: u32,
    /// No request is due from this moment on.
    end: Moment,
}

/// One user: a connection, and the request that it sends next.
#[derive(Debug)]
pub struct User {
    index: usize,
    connection: Connection,
    request: Vec<u8>,
    /// Whether the user ever had a connection: the first connection replaces none.
    connected: bool,
}

impl User {
    /// The user with this number, from 0. It connects at its first turn.
    #[must_use]
    pub fn new(index: usize, spec: &LoadSpec) -> User {
        User {
            index,
            connection: Connection::new(spec.address, spec.timeout.into()),
            request: Vec::new(),
            connected: false,
        }
    }
}

impl<W: Workload> Engine<W> {
    /// A load that begins at `start`. The workload is slow to make, and so made beforehand. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the kernel gives no timer.
    pub fn new(spec: &LoadSpec, workload: W, start: Moment) -> std::io::Result<Engine<W>> {
        let schedule = match spec.pace {
            Pace::Closed => None,
            Pace::Open { rate, arrivals } => {
                Some(Schedule::new(rate, arrivals, spec.shard, spec.seed))
            }
        };
        Ok(Engine {
            timer: Timer::new(spec.waiting)?,
            waiting: spec.waiting,
            users: spec.users,
            start,
            window: spec.window,
            phase: Mutex::new(Phase::Running(Running {
                schedule,
                workload,
                recorder: Recorder::new(spec.users),
                unanswered: vec![None; spec.users as usize],
                retired: 0,
                end: Moment::NEVER,
            })),
            finished: Notify::new(),
        })
    }

    /// Ends the warm-up at `start`, or now, if that has passed: what was answered before now was recorded as
    /// warm-up. Returns the window's two ends; there is no window once the load has ended.
    pub fn open_window(&self, start: Moment) -> Option<(Moment, Moment)> {
        self.running(|running| {
            let now = Moment::now();
            let start = start.max(now);
            let end = start + self.window;
            running.end = end;
            running.recorder.open(now, start, end);
            (start, end)
        })
    }

    /// Right answers since the load began; absent once it has ended.
    pub fn answered(&self) -> Option<u64> {
        self.running(|running| running.recorder.answered())
    }

    /// Asks once: waits until the next request is due, sends it, checks and records the answer. The
    /// connection has been idle since `idle_since`; returns since when it is idle again, or nothing when
    /// there is nothing left to ask. This is all that happens for a request, and so it reads the clock
    /// only where a time is recorded.
    pub async fn turn(&self, user: &mut User, idle_since: Moment) -> Option<Moment> {
        let (due, question) = self.write_next(user, idle_since)?;
        if due > idle_since {
            self.timer.until(due).await;
        }
        let connected =
            if user.connection.is_connected() { Ok(()) } else { self.connect(user).await };
        let sent = Moment::now();
        let reply = match connected {
            Ok(()) => user.connection.exchange(&user.request, sent).await,
            Err(broken) => Err(broken),
        };
        let done = Moment::now();

        self.running(|running| {
            let result = match reply {
                Ok(reply) => running.workload.check(question, &reply).map_err(ErrorKind::from),
                Err(broken) => Err(ErrorKind::from(broken)),
            };
            running.unanswered[user.index] = None;
            running.recorder.done(&Exchange { due, idle_since, sent, done, result });
        });
        Some(done)
    }

    async fn connect(&self, user: &mut User) -> Result<(), Broken> {
        user.connection.connect().await?;
        if std::mem::replace(&mut user.connected, true) {
            self.running(|running| running.recorder.reconnected(Moment::now()));
        }
        Ok(())
    }

    /// Takes the next request for `user`, and writes it into the user's buffer. It is the first that nobody has taken, so
    /// that requests which are due while no connection is idle wait in order. Returns when it is due, and what it asks;
    /// nothing if there is none left, or the load has ended.
    fn write_next(&self, user: &mut User, now: Moment) -> Option<(Moment, W::Question)> {
        self.running(|running| {
            let due = match &mut running.schedule {
                None => Some(now.max(self.start)),
                Some(schedule) => schedule.next().map(|after| self.start + Nanos(after)),
            };
            let Some(due) = due.filter(|due| *due < running.end) else {
                running.retired += 1;
                if running.retired == self.users {
                    self.finished.notify_one();
                }
                return None;
            };
            running.unanswered[user.index] = Some(due);
            Some((due, running.workload.ask(&mut user.request)))
        })
        .flatten()
    }

    /// Wakes users when their requests are due, until it is dropped.
    ///
    /// # Errors
    /// When the kernel's timer fails.
    pub async fn drive(&self) -> std::io::Result<()> {
        self.timer.drive().await
    }

    /// Resolves when every user has asked all that it had to ask, and was answered.
    pub async fn finished(&self) {
        self.finished.notified().await;
    }

    /// Ends the load: what has no answer now never will. Returns the record, once.
    pub fn finish(&self) -> Option<LoadRecord> {
        let phase = std::mem::replace(&mut *self.phase(), Phase::Ended);
        let Phase::Running(mut running) = phase else { return None };
        let recorder = &mut running.recorder;
        running.unanswered.into_iter().flatten().for_each(|due| recorder.unanswered(due));
        let (is_open, all_asked) = (running.schedule.is_some(), running.retired == self.users);
        if let Some(schedule) = running.schedule.filter(|_| !all_asked) {
            schedule
                .map(|after| self.start + Nanos(after))
                .take_while(|due| *due < running.end)
                .for_each(|due| recorder.unsent(due));
        }
        let record = running.recorder.finish();
        Some(LoadRecord { waiting: if is_open { self.waiting } else { Waiting::Sleeps }, ..record })
    }

    /// Does something with the load while it runs; nothing once it has ended.
    fn running<T>(&self, with: impl FnOnce(&mut Running<W>) -> T) -> Option<T> {
        // The closure gets the state and not its guard, whose fields could not be borrowed one by one.
        match &mut *self.phase() {
            Phase::Running(running) => Some(with(running)),
            Phase::Ended => None,
        }
    }

    fn phase(&self) -> MutexGuard<'_, Phase<W>> {
        // A panic while the lock is held ends the process, so no half-written state can be seen.
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
