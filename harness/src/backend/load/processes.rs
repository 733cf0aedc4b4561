//! A load in child processes, a shard each: in this machine's own, or by the container engine's command line in another.

use std::io::{self, BufRead, BufReader, Write};
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::total::{Total, unexpected};
use super::{LoadEvent, RunningLoad};
use crate::failure::Error;
use crate::load::LoadSpec;
use crate::load::protocol::{Event, Go, Measure};
use crate::observe::container::Contained;
use crate::observe::meter::Meter;
use crate::observe::processes::Processes;
use crate::os::process;
use crate::os::stop::{Stop, WaitError, wait_until};
use crate::units::Moment;

/// How long a load may take to set itself up.
const SET_UP_TIMEOUT: Duration = Duration::from_secs(30);
/// The time between the command and the first request, so that all shards begin at the same moment.
const START_DELAY: Duration = Duration::from_millis(60);
/// The time between the end of a warm-up and the window, so that all shards know of it before.
const WINDOW_DELAY: Duration = Duration::from_millis(100);
/// How long a process that is not wanted any more may take to end by itself.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);
/// The reason for the failure of a load whose process ends too early.
const ENDED: &str = "it ended without a record";

/// What the resources of the processes are read from.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend) enum Metered {
    /// The processes themselves.
    Processes,
    /// The container in which they started the load, by its first process.
    Container(u32),
}

/// A load in child processes that share this machine's clock.
pub(in crate::backend) struct ProcessLoad {
    shards: Vec<Child>,
    messages: Receiver<(u32, Event)>,
    metered: Metered,
    total: Total,
}

impl ProcessLoad {
    /// Starts a process for each of `specs` by `spawn`, which takes the shard's number and pipes the process's standard
    /// streams. Returns when all of them are ready.
    ///
    /// # Errors
    /// When a process does not start, or is not ready in time; or the interruption.
    pub(in crate::backend) fn start(
        specs: &[LoadSpec],
        metered: Metered,
        mut spawn: impl FnMut(u32) -> Result<Child, Error>,
        stop: &Stop,
    ) -> Result<Box<dyn RunningLoad>, Error> {
        let (sender, messages) = channel();
        let total = Total::new(specs.len());
        // From here on, whatever fails ends the processes that have started.
        let mut load = ProcessLoad { shards: Vec::new(), messages, metered, total };
        for spec in specs {
            let index = spec.shard.index;
            let mut child = spawn(index)?;
            let listening = listen(&mut child, index, sender.clone());
            load.shards.push(child);
            listening?;
        }
        drop(sender);
        for (child, spec) in load.shards.iter_mut().zip(specs) {
            send(child, spec)?;
        }
        load.wait_until_ready(stop)?;
        Ok(Box::new(load))
    }

    fn wait_until_ready(&self, stop: &Stop) -> Result<(), Error> {
        let mut ready = 0;
        let all = wait_until(Instant::now() + SET_UP_TIMEOUT, stop, || {
            loop {
                match self.messages.try_recv() {
                    Ok((_, Event::Ready)) => ready += 1,
                    Ok((_, event)) => return Err(unexpected(event)),
                    Err(TryRecvError::Disconnected) => return Err(ended()),
                    Err(TryRecvError::Empty) => return Ok(None),
                }
                if ready == self.shards.len() {
                    return Ok(Some(()));
                }
            }
        });
        all.map_err(|error| match error {
            WaitError::Interrupted => Error::Interrupted,
            WaitError::Failed(error) => error,
            WaitError::TimedOut => Error::Failed(format!(
                "it was not ready within {} s: see whether its CPUs are busy",
                SET_UP_TIMEOUT.as_secs()
            )),
        })
    }
}

impl RunningLoad for ProcessLoad {
    fn meter(&self) -> Result<Option<Box<dyn Meter>>, Error> {
        Ok(Some(match self.metered {
            Metered::Processes => {
                Box::new(Processes::shards(self.shards.iter().map(Child::id).collect()))
            }
            Metered::Container(pid) => {
                let contained = Contained::of(pid);
                Box::new(contained.map_err(|error| Error::Failed(error.to_string()))?)
            }
        }))
    }

    fn begin(&mut self) -> Result<(), Error> {
        let start = Moment::now() + START_DELAY.into();
        self.shards.iter_mut().try_for_each(|shard| send(shard, &Go { start }))
    }

    fn open_window(&mut self) -> Result<(), Error> {
        let from = Moment::now() + WINDOW_DELAY.into();
        self.shards.iter_mut().try_for_each(|shard| send(shard, &Measure { from }))
    }

    fn next(&mut self, timeout: Duration) -> Result<Option<LoadEvent>, Error> {
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.messages.recv_timeout(left) {
                Ok((shard, event)) => {
                    if let Some(event) = self.total.add(shard, event)? {
                        return Ok(Some(event));
                    }
                }
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            }
        }
    }
}

impl Drop for ProcessLoad {
    fn drop(&mut self) {
        for child in &mut self.shards {
            // A process without input ends by itself when it is done; here it is done, or unwanted.
            let _ = process::stop(child, STOP_TIMEOUT);
        }
    }
}

fn ended() -> Error {
    Error::Failed(ENDED.into())
}

fn send(child: &mut Child, message: &impl Serialize) -> Result<(), Error> {
    let gone = |error: io::Error| Error::Failed(format!("it does not listen: {error}"));
    let mut line = serde_json::to_vec(message).map_err(|error| gone(error.into()))?;
    line.push(b'\n');
    let input = child.stdin.as_mut();
    let input = input.ok_or_else(|| Error::Failed("it has no standard input".into()))?;
    input.write_all(&line).map_err(gone)?;
    input.flush().map_err(gone)
}

/// Passes on what a shard reports, until it closes its output. If its last message is missing then, the shard has failed.
fn listen(child: &mut Child, shard: u32, messages: Sender<(u32, Event)>) -> Result<(), Error> {
    let output = child.stdout.take();
    let output = output.ok_or_else(|| Error::Failed("it has no standard output".into()))?;
    thread::spawn(move || {
        let mut is_complete = false;
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let event = serde_json::from_str(&line).unwrap_or_else(|error| Event::Failed {
                reason: format!("it said {line:?}: {error}"),
            });
            is_complete |= matches!(event, Event::Record(_) | Event::Failed { .. });
            // Nothing receives any more when the trial was given up.
            if messages.send((shard, event)).is_err() {
                return;
            }
        }
        if !is_complete {
            // The other shards may go on for long.
            let _ = messages.send((shard, Event::Failed { reason: ENDED.into() }));
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    use nix::sys::signal::Signal;

    use crate::load::LoadRecord;

    /// A shard that says its lines, each after `read`ing one where the script says so, and then waits for more input.
    fn shard(script: &str) -> Result<Child, Error> {
        let record = Event::Record(Box::new(LoadRecord { right: 5, ..LoadRecord::default() }));
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("{script} read end")])
            .env("RECORD", serde_json::to_string(&record).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        process::spawn_tied(&mut command, None, Signal::SIGKILL)
            .map_err(|error| Error::Failed(error.to_string()))
    }

    fn say(event: &str) -> String {
        format!(r#"echo '{{"event":{event}}}';"#)
    }

    fn start(script: &str, stop: &Stop) -> Result<Box<dyn RunningLoad>, Error> {
        let shards = LoadSpec::example().shards(2);
        ProcessLoad::start(&shards, Metered::Processes, |_| shard(script), stop)
    }

    fn next(load: &mut dyn RunningLoad) -> Result<Option<LoadEvent>, Error> {
        load.next(Duration::from_secs(60))
    }

    #[test]
    fn two_processes_are_one_load_from_ready_to_record() {
        let script = format!(
            r#"read spec; {} read go; echo '{{"event":"warming-up","right":3}}'; read measure; {} echo "$RECORD";"#,
            say(r#""ready""#),
            say(r#""window","start":3,"end":5"#)
        );
        let mut load = start(&script, &Stop::never()).unwrap();
        let meter = load.meter().unwrap().expect("processes have a meter");
        assert!(meter.cpu().is_ok());
        assert_eq!(load.next(Duration::ZERO), Ok(None), "it waits for its beginning");
        load.begin().unwrap();
        assert_eq!(next(load.as_mut()), Ok(Some(LoadEvent::WarmingUp(6))));
        load.open_window().unwrap();
        let window = LoadEvent::Window { start: Moment(3), end: Moment(5), warmup: None };
        assert_eq!(next(load.as_mut()), Ok(Some(window)));
        let Ok(Some(LoadEvent::Record(record))) = next(load.as_mut()) else { panic!("no record") };
        assert_eq!(record.right, 10);
        drop(load);
        assert!(meter.cpu().is_err(), "its processes have ended");
    }

    #[test]
    fn a_load_that_fails_or_is_interrupted_before_it_is_ready_does_not_start() {
        let failed = r#"read spec; echo '{"event":"failed","reason":"no descriptors"}';"#;
        let failed = start(failed, &Stop::never()).err();
        assert_eq!(failed, Some(Error::Failed("no descriptors".into())));
        let stop = Stop::default();
        stop.set();
        assert_eq!(start("", &stop).err(), Some(Error::Interrupted));
    }

    #[test]
    fn a_load_whose_processes_end_early_has_failed() {
        let script = format!("read spec; {} read go; exec true;", say(r#""ready""#));
        let mut load = start(&script, &Stop::never()).unwrap();
        load.begin().unwrap();
        assert_eq!(next(load.as_mut()), Err(ended()));
    }

    #[test]
    fn a_load_has_failed_when_one_of_its_processes_ends_early() {
        let ready = say(r#""ready""#);
        let scripts = [
            format!("read spec; {ready} read go; exec true;"),
            format!("read spec; {ready} read go; read measure;"),
        ];
        let shards = LoadSpec::example().shards(2);
        let spawn = |index: u32| shard(&scripts[index as usize]);
        let load = ProcessLoad::start(&shards, Metered::Processes, spawn, &Stop::never());
        let mut load = load.unwrap();
        load.begin().unwrap();
        assert_eq!(next(load.as_mut()), Err(ended()));
    }
}
